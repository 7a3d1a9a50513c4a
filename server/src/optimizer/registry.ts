import type { PolicyRegistry } from '../policy.ts'
import type { ServerOptimizer } from '../strategy/strategy.ts'
import { sgd } from './sgd.ts'

/** How the mean delta is applied. A new optimizer is one file and one line here. */
export const optimizers = { sgd } as const satisfies PolicyRegistry<ServerOptimizer>
