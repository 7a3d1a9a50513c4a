import type { ServerOptimizer } from '../strategy/strategy.ts'

/**
 * params + learningRate · v, where v = momentum · v + meanDelta. With learning rate 1 and no momentum this is FedAvg;
 * with momentum FedAvgM. State: v, or empty without momentum.
 * Source: Hsu et al. 2019, arXiv:1909.06335
 */
export const sgd = (options: { readonly learningRate: number; readonly momentum?: number }): ServerOptimizer => {
  const { learningRate, momentum = 0 } = options
  return {
    name: 'sgd',
    init: (size) => new Float32Array(momentum > 0 ? size : 0),
    apply(params, meanDelta, state) {
      const velocity = momentum > 0 ? state.map((v, i) => momentum * v + meanDelta[i]!) : meanDelta
      return {
        params: params.map((value, i) => value + learningRate * velocity[i]!),
        state: momentum > 0 ? velocity : state,
      }
    },
  }
}
