import type { TaskDocument } from '@panal/client-core'
import type { ServerOptimizer } from '../strategy/strategy.ts'
import { sgd } from './sgd.ts'

export type OptimizerSpec = TaskDocument['strategy']['serverOptimizer']

/** How the mean delta is applied. A new optimizer is one file and one line here, and its options in the task schema. */
export const optimizers = { sgd } as const satisfies {
  [Name in OptimizerSpec['name']]: (options: Extract<OptimizerSpec, { name: Name }>) => ServerOptimizer
}
