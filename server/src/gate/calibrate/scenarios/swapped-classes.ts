import { uniformInt } from '@panal/client-core'
import { swapClasses } from '../changes/swap-classes.ts'
import { usualPair } from '../equal-pairs.ts'
import type { Scenario } from '../scenario.ts'
import { changed } from '../side.ts'

/** Two classes change places, others in each run. */
export const swappedClasses: Scenario = {
  title: 'Two classes are taken for each other',
  settings: (recording) => {
    const pair = usualPair(recording)
    const numClasses = recording.examples.gate.classes.length
    return [
      {
        label: 'swapped',
        expected: 'blocked',
        stage: (rng) => {
          const one = uniformInt(rng, numClasses)
          const other = (one + 1 + uniformInt(rng, numClasses - 1)) % numClasses
          return { pair: { ...pair, candidate: changed(pair.candidate, swapClasses(one, other)) } }
        },
      },
    ]
  },
}
