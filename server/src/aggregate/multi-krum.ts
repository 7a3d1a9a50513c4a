import { Type } from 'typebox'
import { policy } from '../policy.ts'
import { attackers } from './attackers.ts'
import { krumScores, lowest, onesAt } from './krum-scores.ts'
import { onWholeBatch } from './whole-batch.ts'

/**
 * Plain mean of the m updates with Krum's lowest scores. Ignores weights. Time O(n² · size).
 * Source: Blanchard et al. 2017, arXiv:1703.02757
 */
export const multiKrum = policy({
  options: {
    f: attackers,
    m: Type.Optional(Type.Integer({ minimum: 1, description: 'updates that are kept; n − f where it is not given' })),
  },
  make: ({ f, m }) =>
    onWholeBatch({
      name: 'multi-krum',
      minUpdates: Math.max(2 * f + 3, m ?? 0),
      async apply(batch) {
        const { numRows } = batch
        const scores = krumScores(await batch.squaredDistances(), { numRows, f })
        const kept = lowest(scores, m ?? numRows - f)
        return batch.combine(onesAt(kept, numRows), kept.length)
      },
    }),
})
