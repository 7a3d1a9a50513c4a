import { policy } from '../policy.ts'
import type { Aggregator } from '../strategy/strategy.ts'
import { linear, positive } from './linear.ts'

/** Weighted mean Σ wᵢ·xᵢ / Σ wᵢ. Source: McMahan et al. 2017, arXiv:1602.05629 */
export const mean = policy({
  options: {},
  make: (): Aggregator => ({
    ...linear({
      name: 'mean',
      numSums: 1,
      numScalars: 1,
      summand: ({ weight, discount = 1 }) => ({ coefficients: [weight * discount], scalars: [weight] }),
      divisors: ([totalWeight]) => [positive('mean', totalWeight!)],
    }),
    batch: {
      name: 'mean',
      minUpdates: 1,
      apply: (batch) =>
        batch.combine(
          batch.weights,
          positive(
            'mean',
            batch.weights.reduce((sum, weight) => sum + weight, 0),
          ),
        ),
    },
  }),
})
