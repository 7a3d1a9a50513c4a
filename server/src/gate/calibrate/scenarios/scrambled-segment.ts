import { uniformInt } from '@panal/client-core'
import { scramble } from '../changes/scramble.ts'
import { usualPair } from '../equal-pairs.ts'
import { testedSegments } from '../planting.ts'
import type { Scenario } from '../scenario.ts'
import { changed } from '../side.ts'

/** In one segment that gates, another one in each run, examples get the answers to any others. */
export const scrambledSegment: Scenario = {
  title: 'Answers in one segment are scrambled',
  settings: (recording) => {
    const pair = usualPair(recording)
    const { gating } = testedSegments(recording)
    if (gating.length === 0) return { because: 'no declared segment has examples enough to gate' }
    return [
      {
        label: 'scrambled',
        expected: 'blocked',
        stage: (rng) => {
          const { name, where } = gating[uniformInt(rng, gating.length)]!
          return { pair: { ...pair, candidate: changed(pair.candidate, scramble(where)) }, about: name }
        },
      },
    ]
  },
}
