import { Type } from 'typebox'
import { policy } from '../policy.ts'
import type { Aggregator } from '../strategy/strategy.ts'
import { linear, positive } from './linear.ts'

/**
 * q-FedAvg: Σ wᵢ·Fᵢ^q·L·xᵢ / Σ wᵢ·(q·Fᵢ^(q−1)·‖L·xᵢ‖² + L·Fᵢ^q), where Fᵢ is the loss of device i before it trained: those
 * that the model serves badly count for more. With q = 0 it is the mean. Fᵢ is what the device says, its mean over the first
 * local epoch, between `minLoss` and `maxLoss`; of one that does not say it is the least.
 * Source: Li et al. 2020, arXiv:1905.10497, Algorithm 2
 */
export const fairMean = policy({
  options: {
    q: Type.Number({ minimum: 0, maximum: 10, description: '0: the mean; the higher, the fairer' }),
    lipschitz: Type.Number({
      exclusiveMinimum: 0,
      description: 'L of the paper, 1 / local learning rate there: how quickly the gradient may change',
    }),
    minLoss: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        default: 1e-3,
        description: 'against a device that claims none: with q below 1 it would hold all others up',
      }),
    ),
    maxLoss: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, default: 10, description: 'against a device that claims any loss it likes' }),
    ),
  },
  make: ({ q, lipschitz, minLoss = 1e-3, maxLoss = 10 }): Aggregator => {
    // Its coefficients span many orders of magnitude, and sums that are exact have one unit for all: every update is read.
    const { linear: _, ...rule } = linear({
      name: 'fair-mean',
      numSums: 1,
      numScalars: 1,
      summand({ weight, norm, lossBefore = minLoss, discount = 1 }) {
        const loss = Math.min(Math.max(lossBefore, minLoss), maxLoss)
        const slope = q === 0 ? 0 : q * loss ** (q - 1) * (lipschitz * norm * discount) ** 2
        return {
          coefficients: [weight * loss ** q * lipschitz * discount],
          scalars: [weight * (slope + lipschitz * loss ** q)],
        }
      },
      divisors: ([total]) => [positive('fair-mean', total!)],
    })
    return rule
  },
})
