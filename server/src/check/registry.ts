import { makePolicy, type PolicyRegistry, type PolicySpec } from '../policy.ts'
import type { UpdateCheck } from '../strategy/strategy.ts'
import { finite } from './finite.ts'
import { maxNorm } from './max-norm.ts'
import { weightRange } from './weight-range.ts'

/** What every update must pass on arrival. A new check is one file and one line here. */
export const checks = {
  finite,
  'max-norm': maxNorm,
  'weight-range': weightRange,
} as const satisfies PolicyRegistry<UpdateCheck>
export type CheckSpec = PolicySpec<typeof checks>

/** `finite` runs first, listed or not: no other check can judge a vector that has no norm. */
export const makeChecks = (specs: readonly CheckSpec[]): UpdateCheck[] => [
  finite.make({}),
  ...specs.filter(({ name }) => name !== 'finite').map((spec) => makePolicy(checks, spec)),
]
