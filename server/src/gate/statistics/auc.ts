import { normalCdf, normalQuantile } from './distributions.ts'
import { sum } from './summation.ts'

/** 1-based ranks of `values`; equal values share the mean of theirs. Cost O(n log n). */
function midRanks(values: Float64Array): Float64Array {
  const sorted = values.slice().sort()
  const ranks = new Map<number, number>()
  for (let start = 0; start < sorted.length;) {
    let end = start
    while (end < sorted.length && sorted[end] === sorted[start]) end++
    ranks.set(sorted[start]!, (start + 1 + end) / 2)
    start = end
  }
  return values.map((value) => ranks.get(value)!)
}

/** What DeLong's variance is made of. `ofPositives[i]`: share of the negatives that positive i is scored above. */
interface Placements {
  readonly auc: number
  readonly ofPositives: Float64Array
  readonly ofNegatives: Float64Array
}

/** Undefined when only one class is there. Cost O(n log n). Source: Sun and Xu 2014. */
function placements(scores: ArrayLike<number>, isPositive: ArrayLike<number>): Placements | undefined {
  const all = Float64Array.from(scores)
  if (all.some(Number.isNaN)) throw new RangeError('AUC: a score is not a number')
  const positives = all.filter((_, i) => isPositive[i] === 1)
  const negatives = all.filter((_, i) => isPositive[i] !== 1)
  const [m, n] = [positives.length, negatives.length]
  if (m === 0 || n === 0) return undefined
  const ranks = midRanks(all)
  const among = { positives: midRanks(positives), negatives: midRanks(negatives) }
  const ofPositives = ranks.filter((_, i) => isPositive[i] === 1).map((rank, i) => (rank - among.positives[i]!) / n)
  const ofNegatives = ranks.filter((_, i) => isPositive[i] !== 1).map((rank, i) => 1 - (rank - among.negatives[i]!) / m)
  return { auc: sum(ofPositives) / m, ofPositives, ofNegatives }
}

/**
 * Area under the ROC curve: the chance that a positive is scored above a negative, ties counting half.
 * Undefined when only one class is there. Source: Mann and Whitney 1947.
 * @param isPositive 1 or 0 for each score
 */
export const auc = (scores: ArrayLike<number>, isPositive: ArrayLike<number>): number | undefined =>
  placements(scores, isPositive)?.auc

/** With DeLong's standard error. Undefined with fewer than two examples of either class. */
export function aucWithSpread(
  scores: ArrayLike<number>,
  isPositive: ArrayLike<number>,
): { readonly auc: number; readonly se: number } | undefined {
  const found = placements(scores, isPositive)
  if (found === undefined || found.ofPositives.length < 2 || found.ofNegatives.length < 2) return undefined
  return { auc: found.auc, se: Math.sqrt(meanVariance(found.ofPositives) + meanVariance(found.ofNegatives)) }
}

export interface AucDifference {
  readonly difference: number
  /** Standard error of the difference; 0 where the two rank all examples alike. */
  readonly se: number
  /** Each end a one-sided bound at `alpha`. */
  readonly interval: readonly [number, number]
  /** Of H₀ "worse by the margin or more". */
  readonly nonInferiorityP: number
  /** One-sided, of H₀ "not worse". */
  readonly harmP: number
}

/**
 * Difference of two correlated AUCs on the same examples, candidate − reference. Undefined with fewer than two examples
 * of either class. `smallestSe` is a floor of the standard error. Source: DeLong, DeLong and Clarke-Pearson 1988.
 */
export function aucDifference(
  scores: { readonly candidate: ArrayLike<number>; readonly reference: ArrayLike<number> },
  isPositive: ArrayLike<number>,
  { alpha = 0.05, margin = 0, smallestSe = 0 } = {},
): AucDifference | undefined {
  const candidate = placements(scores.candidate, isPositive)
  const reference = placements(scores.reference, isPositive)
  if (candidate === undefined || reference === undefined) return undefined
  if (candidate.ofPositives.length < 2 || candidate.ofNegatives.length < 2) return undefined
  const difference = candidate.auc - reference.auc
  const spread = (of: 'ofPositives' | 'ofNegatives') =>
    meanVariance(candidate[of].map((each, i) => each - reference[of][i]!))
  const se = Math.max(smallestSe, Math.sqrt(spread('ofPositives') + spread('ofNegatives')))
  const half = normalQuantile(1 - alpha) * se
  return {
    difference,
    se,
    interval: [difference - half, difference + half],
    nonInferiorityP: se === 0 ? (difference > -margin ? 0 : 1) : normalCdf(-(difference + margin) / se),
    harmP: se === 0 ? (difference < 0 ? 0 : 1) : normalCdf(difference / se),
  }
}

/** Variance of the mean of these values. */
function meanVariance(values: Float64Array): number {
  const centre = sum(values) / values.length
  return sum(values.map((each) => (each - centre) ** 2)) / (values.length - 1) / values.length
}
