import { policy } from '../policy.ts'
import { attackers } from './attackers.ts'
import { onWholeBatch } from './whole-batch.ts'

/**
 * Coordinate-wise mean of what is left without the f lowest and f highest values. Ignores weights.
 * Source: Yin et al. 2018, arXiv:1803.01498
 */
export const trimmedMean = policy({
  options: { f: attackers },
  make: ({ f }) =>
    onWholeBatch({
      name: 'trimmed-mean',
      minUpdates: 2 * f + 1,
      apply: (batch) => batch.select({ by: 'trimmed-mean', trim: f }),
    }),
})
