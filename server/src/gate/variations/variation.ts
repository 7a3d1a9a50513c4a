import type { DataSchema, Dataset, Rng } from '@panal/client-core'
import { Type, type Static } from 'typebox'

/** What a variation is made from. */
export interface VaryingExamples {
  readonly dataset: Dataset
  /** [numExamples] stable names. Chance goes by these, so that the order of the examples cannot matter. */
  readonly ids: readonly string[]
}

/**
 * A change of examples. Law: a pure function; the same examples in another order come out the same, in that order; as many
 * examples, with the labels they had; what comes out is what a device could have sent, so values stay inside the range that
 * the set has, and whole numbers stay whole. The same rng for every severity: a harsher one goes further the same way.
 */
export interface DatasetVariation {
  vary(examples: VaryingExamples, schema: DataSchema, rng: Rng): Dataset
}

/** How harsh a perturbation is; what 1 to 5 mean is its own. */
export const Severity = Type.Integer({ minimum: 1, maximum: 5, description: '1 is hardly seen, 5 is harsh' })
export type Severity = Static<typeof Severity>

/** One value for each severity, the mildest first. */
export type BySeverity = readonly [number, number, number, number, number]
export const atSeverity = (values: BySeverity, severity: Severity): number => values[severity - 1]!
