import type { PolicyRegistry } from '../policy.ts'
import type { ServerOptimizer } from '../strategy/strategy.ts'
import { adagrad } from './adagrad.ts'
import { adam } from './adam.ts'
import { feddyn } from './feddyn.ts'
import { scaffold } from './scaffold.ts'
import { sgd } from './sgd.ts'
import { yogi } from './yogi.ts'

/** How the mean delta is applied. A new optimizer is one file and one line here. */
export const optimizers = {
  sgd,
  adam,
  yogi,
  adagrad,
  scaffold,
  feddyn,
} as const satisfies PolicyRegistry<ServerOptimizer>
