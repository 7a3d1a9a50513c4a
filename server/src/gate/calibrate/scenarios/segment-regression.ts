import { plantedInSegments } from '../planted-segments.ts'
import { testedSegments } from '../planting.ts'
import type { Scenario } from '../scenario.ts'

/**
 * In one segment that gates, another one in each run, accuracy falls by so many margins of the check `segments`. From two
 * on the gate promises to find it.
 */
export const segmentRegression: Scenario = {
  title: 'Accuracy falls in one segment that gates',
  scale: 'fall, in margins',
  settings: (recording) => {
    const { gating } = testedSegments(recording)
    if (gating.length === 0) return { because: 'no declared segment has examples enough to gate' }
    return [0, 1, 2, 3].map((margins) => {
      const expected = margins === 0 ? 'not-blocked' : margins === 1 ? 'told' : 'blocked'
      return plantedInSegments(recording, gating, { margins, expected })
    })
  },
}
