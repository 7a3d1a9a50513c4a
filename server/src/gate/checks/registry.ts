import type { GateCheckSpec } from '@panal/client-core'
import type { GateCheck } from '../contract.ts'
import { floor } from './floor.ts'
import { integrity } from './integrity.ts'
import { noRegression } from './no-regression.ts'

type Factories = { [Name in GateCheckSpec['name']]: (spec: Extract<GateCheckSpec, { name: Name }>) => GateCheck }

/** Every gate check by its name in the task document. A new one: its file, this line, its schema in the document. */
export const gateChecks = { integrity, floor, 'no-regression': noRegression } satisfies Factories

/** The checks of a task in the order they run: integrity first, listed or not, then as listed. */
export function makeGateChecks(specs: readonly GateCheckSpec[]): GateCheck[] {
  const listed = specs.some(({ name }) => name === 'integrity') ? specs : [{ name: 'integrity' } as const, ...specs]
  const checks = listed.map(makeGateCheck)
  return [...checks.filter((check) => check.integrity), ...checks.filter((check) => !check.integrity)]
}

// The name picks the factory of that very spec; TypeScript cannot follow that through an index.
const makeGateCheck = (spec: GateCheckSpec): GateCheck =>
  (gateChecks[spec.name] as (spec: GateCheckSpec) => GateCheck)(spec)
