import { policy } from '../policy.ts'
import { onWholeBatch } from './whole-batch.ts'

/** Coordinate-wise median; of an even number the mean of the two middle values. Ignores weights. Source: Yin et al. 2018, arXiv:1803.01498 */
export const median = policy({
  options: {},
  make: () => onWholeBatch({ name: 'median', minUpdates: 1, apply: (batch) => batch.select({ by: 'median' }) }),
})
