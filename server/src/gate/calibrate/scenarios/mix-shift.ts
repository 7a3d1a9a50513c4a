import { usualPair } from '../equal-pairs.ts'
import { hardestSegment } from '../planting.ts'
import type { Scenario } from '../scenario.ts'
import { membersOf } from '../where.ts'

/**
 * Equal models, and other examples: the segment that the champion finds hardest comes more often, and the champion's own
 * figures are from before. Nothing has become worse.
 */
export const mixShift: Scenario = {
  title: 'Only the mix of examples shifts',
  scale: 'how much more often the hardest segment comes',
  settings: (recording) => {
    const hardest = hardestSegment(recording)
    if (hardest === undefined) return { because: 'the task declares no segments' }
    const pair = usualPair(recording)
    return [2, 4].map((times) => {
      const weights = new Float64Array(recording.examples.gate.numExamples).fill(1)
      for (const place of membersOf(recording.examples.gate, hardest.where)) weights[place] = times
      return {
        label: `${hardest.name} × ${times}`,
        size: times,
        expected: 'not-blocked',
        stage: () => ({ pair, weights, isElsewhere: true }),
      }
    })
  },
}
