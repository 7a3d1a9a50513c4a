import type { GateVerdict } from '@panal/client-core'
import type { Evaluation, JudgedModel, Predictions } from './contract.ts'
import { predictedClasses } from './statistics/accuracy.ts'
import type { Discordance } from './statistics/discordance.ts'
import { logLosses } from './statistics/log-loss.ts'

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
export async function comparedWith(models: JudgedModels, against: ReferenceName): Promise<Pair | Incomparable> {
  const reference = referenceOf(models, against)
  if ('reason' in reference) return reference
  return { candidate: await models.candidate.on('gate'), reference: await reference.on('gate') }
}

type JudgedModels = Pick<Evaluation, 'candidate' | 'champion' | 'anchor'>

/** Who answers the examples that the candidate answers, and is not the candidate itself. */
export function referenceOf(
  { candidate, ...references }: JudgedModels,
  against: ReferenceName,
): JudgedModel | Incomparable {
  const reference: JudgedModel | null = references[against]
  if (reference === null) return { verdict: 'NOT_APPLICABLE', reason: `There is no ${against} to compare with yet.` }
  if (reference.weightsSha256 === candidate.weightsSha256)
    return { verdict: 'NO_CHANGE', reason: `It is byte for byte the ${against}.` }
  if (reference.elsewhere !== undefined)
    return {
      verdict: 'NOT_APPLICABLE',
      reason: `The ${against} was measured on examples of its own, so there are no pairs to compare.`,
    }
  return reference
}

/** Example by example, what a pair comes to: computed once, and counted over as many segments as there are. */
export interface Outcomes {
  readonly right: { readonly candidate: Uint8Array; readonly reference: Uint8Array }
  readonly losses: { readonly candidate: Float64Array; readonly reference: Float64Array }
}

export function outcomesOf({ candidate, reference }: Pair): Outcomes {
  const right = (predictions: Predictions): Uint8Array => {
    const answers = predictedClasses(predictions)
    const found = new Uint8Array(answers.length)
    for (let row = 0; row < found.length; row++) found[row] = Number(answers[row] === predictions.labels[row])
    return found
  }
  return {
    right: { candidate: right(candidate), reference: right(reference) },
    losses: { candidate: logLosses(candidate), reference: logLosses(reference) },
  }
}

/** How often they differ over these examples, and how often the candidate is right. */
export function countOutcomes(
  { right }: Outcomes,
  rows: Int32Array,
): Discordance & { readonly candidateRight: number } {
  let [lost, won, candidateRight] = [0, 0, 0]
  for (const row of rows) {
    const [is, was] = [right.candidate[row]!, right.reference[row]!]
    candidateRight += is
    if (is > was) won++
    if (was > is) lost++
  }
  return { n: rows.length, lost, won, candidateRight }
}

/** [rows.length] 1 where the candidate alone is right, −1 where the reference alone is, else 0. */
export const changesIn = ({ right }: Outcomes, rows: Int32Array): Int8Array =>
  Int8Array.from(rows, (row) => right.candidate[row]! - right.reference[row]!)

/** The same of all examples. */
export function changesOf({ candidate, reference }: Pair): Int8Array {
  const [ours, theirs] = [predictedClasses(candidate), predictedClasses(reference)]
  return Int8Array.from(candidate.labels, (label, row) => Number(ours[row] === label) - Number(theirs[row] === label))
}
