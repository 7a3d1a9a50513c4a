import type { GateVerdict } from '@panal/client-core'
import type { Evaluation, JudgedModel, Predictions } from './contract.ts'

/** Answers of candidate and reference on the same examples, in one order. */
export interface Pair {
  readonly candidate: Predictions
  readonly reference: Predictions
}

/** Who the candidate is compared with. */
export type ReferenceName = 'champion' | 'anchor'

/** Why there is nothing to compare. */
export interface Incomparable {
  readonly verdict: Extract<GateVerdict, 'NOT_APPLICABLE' | 'NO_CHANGE'>
  readonly reason: string
}

/**
 * The pair on the gate set; or why there is none: no reference yet, one that was measured on other examples, or the same
 * weights, of which no test is made.
 */
export async function comparedWith(
  { candidate, ...references }: Pick<Evaluation, 'candidate' | 'champion' | 'anchor'>,
  against: ReferenceName,
): Promise<Pair | Incomparable> {
  const reference: JudgedModel | null = references[against]
  if (reference === null) return { verdict: 'NOT_APPLICABLE', reason: `There is no ${against} to compare with yet.` }
  if (reference.weightsSha256 === candidate.weightsSha256)
    return { verdict: 'NO_CHANGE', reason: `The weights are byte for byte those of the ${against}.` }
  if (reference.elsewhere !== undefined)
    return {
      verdict: 'NOT_APPLICABLE',
      reason: `The ${against} was measured on examples of its own, so there are no pairs to compare.`,
    }
  return { candidate: await candidate.on('gate'), reference: await reference.on('gate') }
}
