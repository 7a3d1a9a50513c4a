import { Type } from 'typebox'
import { policy } from '../policy.ts'
import { when } from '../registry/document-errors.ts'
import type { ServerOptimizer } from '../strategy/strategy.ts'

/**
 * FedDyn: h ← h − α · n/N · meanDelta, params + meanDelta − h/α. Takes a plain mean: give all updates the same weight.
 * State: h. Source: Acar et al. 2021, arXiv:2111.04263, Algorithm 1
 */
export const feddyn = policy({
  options: {
    alpha: Type.Number({ exclusiveMinimum: 0, description: 'α: the same as of plan.correction' }),
    devices: Type.Integer({ minimum: 1, description: 'm of the paper: of the whole population' }),
  },
  misfits: ({ alpha }, { plan: { correction } }) =>
    when(
      correction?.name !== 'feddyn' || correction.alpha !== alpha,
      '/alpha',
      'needs plan.correction to be feddyn with the same alpha',
    ),
  make: ({ alpha, devices }): ServerOptimizer => ({
    name: 'feddyn',
    init: (size) => new Float32Array(size),
    apply(params, meanDelta, state, { numUpdates }) {
      const share = Math.min(1, numUpdates / devices)
      const h = state.map((before, i) => before - alpha * share * meanDelta[i]!)
      return { params: params.map((value, i) => value + meanDelta[i]! - h[i]! / alpha), state: h }
    },
  }),
})
