import { Type, type Static, type TObject } from 'typebox'
import { makePolicy, policySchemaWith, type PolicyRegistry, type PolicySpec } from '../../policy.ts'
import type { GateCheck } from '../contract.ts'
import { baselines } from './baselines.ts'
import { calibration } from './calibration.ts'
import { cases } from './cases.ts'
import { determinism } from './determinism.ts'
import { direction } from './direction.ts'
import { floor } from './floor.ts'
import { integrity } from './integrity.ts'
import { invariance } from './invariance.ts'
import { masking } from './masking.ts'
import { negativeFlips } from './negative-flips.ts'
import { noRegression } from './no-regression.ts'
import { pin } from './pin.ts'
import { powerPreflight } from './power.ts'
import { reuse } from './reuse.ts'
import { robustness } from './robustness.ts'
import { segmentCalibration } from './segment-calibration.ts'
import { segments } from './segments.ts'
import { slices } from './slices.ts'

/** What a candidate must pass. A new check is one file and one line here. */
export const gateChecks = {
  integrity,
  pin,
  determinism,
  power: powerPreflight,
  baselines,
  floor,
  'negative-flips': negativeFlips,
  segments,
  masking,
  'no-regression': noRegression,
  slices,
  calibration,
  'segment-calibration': segmentCalibration,
  cases,
  invariance,
  direction,
  robustness,
  reuse,
} as const satisfies PolicyRegistry<GateCheck>

/** What a task may say of any check. */
const common = {
  critical: Type.Optional(
    Type.Boolean({
      description: 'whether "not enough data" in this check holds the model; each check has its default',
    }),
  ),
}
export type GateCheckSpec = PolicySpec<typeof gateChecks> & Static<TObject<typeof common>>

/** What a task document says of its gate. */
export const GateSpec = Type.Object(
  { checks: Type.Array(policySchemaWith(gateChecks, common), { minItems: 1 }) },
  { additionalProperties: false },
)

/** The checks of a task in the order they run: integrity first, listed or not, then as listed. */
export function makeGateChecks(specs: readonly GateCheckSpec[]): GateCheck[] {
  const listed = specs.some(({ name }) => name === 'integrity') ? specs : [{ name: 'integrity' } as const, ...specs]
  const checks = listed.map((spec: GateCheckSpec): GateCheck => {
    const check = makePolicy(gateChecks, spec)
    return { ...check, critical: spec.critical ?? check.critical ?? true }
  })
  return [...checks.filter((check) => check.integrity), ...checks.filter((check) => !check.integrity)]
}
