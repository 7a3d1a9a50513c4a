import { policy } from '../policy.ts'
import { attackers } from './attackers.ts'
import { krumScores, lowest, onesAt } from './krum-scores.ts'
import { onWholeBatch } from './whole-batch.ts'

/**
 * The one update with the least sum of squared distances to its n − f − 2 nearest others; of equal ones the first. Ignores
 * weights. Time O(n² · size). Source: Blanchard et al. 2017, arXiv:1703.02757
 */
export const krum = policy({
  options: { f: attackers },
  make: ({ f }) =>
    onWholeBatch({
      name: 'krum',
      minUpdates: 2 * f + 3,
      async apply(batch) {
        const { numRows } = batch
        const scores = krumScores(await batch.squaredDistances(), { numRows, f })
        return batch.combine(onesAt(lowest(scores, 1), numRows))
      },
    }),
})
