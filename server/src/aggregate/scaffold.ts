import { policy } from '../policy.ts'
import { linear, positive } from './linear.ts'
import { scaffoldMisfits } from '../optimizer/scaffold.ts'

/**
 * What SCAFFOLD's server needs of the updates: their weighted mean, and after it the plain mean of what each did a step,
 * xᵢ / numSteps, by which `serverOptimizer` moves the control vector. [2 · size]
 * Source: Karimireddy et al. 2020, arXiv:1910.06378, Algorithm 1
 */
export const scaffold = policy({
  options: {},
  misfits: scaffoldMisfits,
  make: () =>
    linear({
      name: 'scaffold',
      numSums: 2,
      numScalars: 2,
      summand: ({ weight, effectiveSteps, discount = 1 }) => ({
        coefficients: [weight * discount, discount / effectiveSteps],
        scalars: [weight, 1],
      }),
      divisors: ([totalWeight, count]) => [positive('scaffold', totalWeight!), count!],
    }),
})
