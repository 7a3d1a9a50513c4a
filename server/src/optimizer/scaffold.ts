import type { TaskTerms } from '@panal/client-core'
import { Type } from 'typebox'
import { policy } from '../policy.ts'
import { when, type DocumentError } from '../registry/document-errors.ts'
import type { ServerOptimizer } from '../strategy/strategy.ts'
import { learningRateOf, learningRateOptions } from './learning-rate.ts'

/** The control vector is of no use where devices do not go by it, and counts their steps of plain SGD. */
export const scaffoldMisfits = (_: unknown, { plan }: Pick<TaskTerms, 'plan'>): DocumentError[] => {
  const isPlain = plan.optimizer.name === 'sgd' && (plan.optimizer.momentum ?? 0) === 0
  return [
    ...when(plan.correction?.name !== 'scaffold', '/name', 'needs plan.correction to be scaffold, too'),
    ...when(
      !isPlain || (plan.proximalTerm ?? 0) > 0,
      '/name',
      'needs plain SGD on the devices, without a proximal term',
    ),
  ]
}

/**
 * SCAFFOLD: params + learningRate · meanDelta, and the control vector c ← c − n/N · (c + mean of xᵢ / numSteps), in units of
 * local learning rate · gradient. Takes what the aggregator `scaffold` makes. State: c, which is sent to the devices.
 * Source: Karimireddy et al. 2020, arXiv:1910.06378, Algorithm 1, with option II
 */
export const scaffold = policy({
  options: {
    ...learningRateOptions,
    devices: Type.Integer({
      minimum: 1,
      description: 'N: of the whole population; fewer in a round move c by their share',
    }),
  },
  misfits: scaffoldMisfits,
  make: ({ devices, ...rate }): ServerOptimizer => ({
    name: 'scaffold',
    sharesState: true,
    init: (size) => new Float32Array(size),
    apply(params, means, control, { numUpdates }) {
      const size = params.length
      const learningRate = learningRateOf(rate, numUpdates)
      const share = Math.min(1, numUpdates / devices)
      return {
        params: params.map((value, i) => value + learningRate * means[i]!),
        state: control.map((c, i) => c - share * (c + means[size + i]!)),
      }
    },
  }),
})
