import { plantedInSegments } from '../planted-segments.ts'
import { testedSegments } from '../planting.ts'
import type { Scenario } from '../scenario.ts'

/** The same in a segment that is tested, and has too few examples for anything to be promised. */
export const smallSegmentRegression: Scenario = {
  title: 'Accuracy falls in one segment that is too small to gate',
  scale: 'fall, in margins',
  settings: (recording) => {
    const { small } = testedSegments(recording)
    if (small.length === 0) return { because: 'every declared segment that has 30 examples gates' }
    return [1, 2, 3, 4].map((margins) => plantedInSegments(recording, small, { margins, expected: 'told' }))
  },
}
