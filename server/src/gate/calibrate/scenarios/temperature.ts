import { temperature as divide } from '../changes/temperature.ts'
import { usualPair } from '../equal-pairs.ts'
import type { Scenario } from '../scenario.ts'
import { changed } from '../side.ts'

/** The same answers, and another certainty: the calibrator undoes it in what is served, and the log loss as trained shows it. */
export const temperature: Scenario = {
  title: 'The temperature of its answers is off',
  scale: 'temperature',
  settings: (recording) => {
    const pair = usualPair(recording)
    return [0.5, 2].map((size) => ({
      label: `T × ${size}`,
      size,
      expected: 'told',
      stage: () => ({ pair: { ...pair, candidate: changed(pair.candidate, divide(size)) } }),
    }))
  },
}
