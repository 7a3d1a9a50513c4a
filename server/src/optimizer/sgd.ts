import { Type } from 'typebox'
import { policy } from '../policy.ts'
import type { ServerOptimizer } from '../strategy/strategy.ts'
import { learningRateOf, learningRateOptions } from './learning-rate.ts'

/**
 * params + learningRate · v, where v = momentum · v + meanDelta. With learning rate 1 and no momentum this is FedAvg;
 * with momentum FedAvgM. State: v, or empty without momentum.
 * Source: Hsu et al. 2019, arXiv:1909.06335
 */
export const sgd = policy({
  options: {
    ...learningRateOptions,
    momentum: Type.Optional(Type.Number({ minimum: 0, exclusiveMaximum: 1 })),
  },
  make: ({ momentum = 0, ...rate }): ServerOptimizer => ({
    name: 'sgd',
    init: (size) => new Float32Array(momentum > 0 ? size : 0),
    apply(params, meanDelta, state, { numUpdates }) {
      const learningRate = learningRateOf(rate, numUpdates)
      const velocity = momentum > 0 ? state.map((v, i) => momentum * v + meanDelta[i]!) : meanDelta
      return {
        params: params.map((value, i) => value + learningRate * velocity[i]!),
        state: momentum > 0 ? velocity : state,
      }
    },
  }),
})
