import type { Predictions } from '../contract.ts'
import { predictedClasses } from './accuracy.ts'

/**
 * [numExamples] 1 where a change that must not matter did: the answer flips, or the total variation ½ Σ|p − p'| is over
 * `tolerance`. Both must be predictions on the same examples. Source: Ribeiro et al. 2020, arXiv:2005.04118 ("INV")
 */
export function invarianceViolations(before: Predictions, after: Predictions, tolerance = 0.1): Uint8Array {
  const [was, is] = [predictedClasses(before), predictedClasses(after)]
  const { numClasses } = before
  return Uint8Array.from(was, (answer, row) => {
    let variation = 0
    for (let i = row * numClasses; i < (row + 1) * numClasses; i++)
      variation += Math.abs(before.probabilities[i]! - after.probabilities[i]!) / 2
    return answer !== is[row] || variation > tolerance ? 1 : 0
  })
}

/** What a change is expected to do to the probability of one class. */
export interface Direction {
  readonly classIndex: number
  readonly expected: 'up' | 'down'
  /** How far it may go the other way. Default 0.01. */
  readonly tolerance?: number
}

export interface DirectionCases {
  /** [numExamples] 1 where it went the wrong way by more than the tolerance. */
  readonly violated: Uint8Array
  /** [numExamples] 0 where it could not: the probability was too near its end already. Not a case, and no pass. */
  readonly canFail: Uint8Array
}

/** Did a change push where it must? Source: Ribeiro et al. 2020, arXiv:2005.04118 ("DIR") */
export function directionViolations(
  before: Predictions,
  after: Predictions,
  { classIndex, expected, tolerance = 0.01 }: Direction,
): DirectionCases {
  const probability = ({ probabilities, numClasses }: Predictions, row: number) =>
    probabilities[row * numClasses + classIndex]!
  const room = Float64Array.from(before.labels, (_, row) => {
    const p = probability(before, row)
    return expected === 'up' ? p : 1 - p
  })
  return {
    canFail: Uint8Array.from(room, (each) => (each > tolerance ? 1 : 0)),
    violated: Uint8Array.from(room, (_, row) => {
      const rise = probability(after, row) - probability(before, row)
      return (expected === 'up' ? -rise : rise) > tolerance ? 1 : 0
    }),
  }
}

/**
 * Cases without a single violation that it takes to show a rate under `limit` at `alpha`: ⌈ln α / ln(1 − limit)⌉, from
 * Clopper and Pearson's upper bound at 0. 59 for 5 %.
 */
export function casesNeeded(limit: number, alpha = 0.05): number {
  if (!(limit > 0 && limit < 1)) throw new RangeError(`cases needed: a limit of ${limit}`)
  return Math.ceil(Math.log(alpha) / Math.log1p(-limit))
}
