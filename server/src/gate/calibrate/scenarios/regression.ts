import { forget } from '../changes/forget.ts'
import { usualPair } from '../equal-pairs.ts'
import { accuracyIn, marginOf } from '../planting.ts'
import type { Scenario } from '../scenario.ts'
import { changed } from '../side.ts'

/** Accuracy falls on all examples alike, by so many margins of the check `no-regression` of accuracy. */
export const regression: Scenario = {
  title: 'Accuracy falls everywhere',
  scale: 'fall, in margins',
  settings: (recording) => {
    const pair = usualPair(recording)
    const margin = marginOf(recording, 'no-regression')
    const accuracy = accuracyIn(recording, [])
    return [1, 2, 3].map((margins) => {
      const candidate = changed(pair.candidate, forget(recording, [], Math.min(1, (margins * margin) / accuracy)))
      return {
        label: `${margins} × ${(100 * margin).toFixed(1)} points`,
        size: margins,
        expected: margins === 1 ? 'told' : 'not-promoted',
        stage: () => ({ pair: { ...pair, candidate } }),
      }
    })
  },
}
