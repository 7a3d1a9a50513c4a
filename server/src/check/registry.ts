import type { TaskDocument } from '@panal/client-core'
import type { UpdateCheck } from '../strategy/strategy.ts'
import { finite } from './finite.ts'
import { maxNorm } from './max-norm.ts'
import { weightRange } from './weight-range.ts'

export type CheckSpec = TaskDocument['strategy']['checks'][number]

/** What every update must pass on arrival. A new check is one file and one line here, and its options in the task schema. */
export const checks = {
  finite,
  'max-norm': maxNorm,
  'weight-range': weightRange,
} as const satisfies { [Name in CheckSpec['name']]: (options: Extract<CheckSpec, { name: Name }>) => UpdateCheck }

/** `finite` runs first, listed or not: no other check can judge a vector that has no norm. */
export function makeChecks(specs: readonly CheckSpec[]): UpdateCheck[] {
  const listed = specs.filter((spec) => spec.name !== 'finite')
  return [
    finite(),
    // the record's type pairs each name with its own options; the cast only says so for a name known at run time
    ...listed.map((spec) => (checks[spec.name] as (options: CheckSpec) => UpdateCheck)(spec)),
  ]
}
