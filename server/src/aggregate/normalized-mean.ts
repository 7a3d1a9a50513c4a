import { policy } from '../policy.ts'
import { when } from '../registry/document-errors.ts'
import { linear, positive } from './linear.ts'

/**
 * FedNova: τ · Σ pᵢ·xᵢ/τᵢ with pᵢ = wᵢ / Σ w and τ = Σ pᵢ·τᵢ, where τᵢ is how far the local steps of device i carry it.
 * Devices with more steps do not pull the model towards their own optimum. Where all do the same work it is the mean.
 * Source: Wang et al. 2020, arXiv:2007.07481, equations 6 and 7
 */
export const normalizedMean = policy({
  options: {},
  // Else one that claims a billion examples stretches what everybody did by its number of steps.
  misfits: (_, { plan }) =>
    when(plan.maxExamples === undefined, '/name', 'needs plan.maxExamples, which bounds the steps'),
  make: () =>
    linear({
      name: 'normalized-mean',
      numSums: 1,
      numScalars: 2,
      summand: ({ weight, effectiveSteps, discount = 1 }) => ({
        coefficients: [(weight / effectiveSteps) * discount],
        scalars: [weight, weight * effectiveSteps],
      }),
      divisors: ([totalWeight, totalSteps]) => [positive('normalized-mean', totalWeight!) ** 2 / totalSteps!],
    }),
})
