import { normalCdf, normalQuantile } from './distributions.ts'
import { sum } from './summation.ts'

/** What DeLong's variance is made of. `ofPositives[i]`: share of the negatives that positive i is scored above. */
interface Placements {
  readonly auc: number
  readonly ofPositives: Float64Array
  readonly ofNegatives: Float64Array
}

/** Undefined when only one class is there. Cost O(n log n). Source: Sun and Xu 2014. */
function placements(scores: ArrayLike<number>, isPositive: ArrayLike<number>): Placements | undefined {
  const { positives, negatives } = byClass(scores, isPositive)
  const [m, n] = [positives.length, negatives.length]
  if (m === 0 || n === 0) return undefined
  const [sortedPositives, sortedNegatives] = [positives.slice().sort(), negatives.slice().sort()]
  const ofPositives = positives.map((score) => numBelow(sortedNegatives, score) / n)
  const ofNegatives = negatives.map((score) => 1 - numBelow(sortedPositives, score) / m)
  return { auc: sum(ofPositives) / m, ofPositives, ofNegatives }
}

/** @throws RangeError where a score is not a number */
function byClass(scores: ArrayLike<number>, isPositive: ArrayLike<number>) {
  const [positives, negatives] = [new Float64Array(scores.length), new Float64Array(scores.length)]
  let [m, n] = [0, 0]
  // Plain loops: this is done for two models in each of dozens of strata.
  for (let i = 0; i < scores.length; i++) {
    if (Number.isNaN(scores[i]!)) throw new RangeError('AUC: a score is not a number')
    if (isPositive[i] === 1) positives[m++] = scores[i]!
    else negatives[n++] = scores[i]!
  }
  return { positives: positives.subarray(0, m), negatives: negatives.subarray(0, n) }
}

/** How many of the rising values are below this one, equal ones counting half. */
function numBelow(sorted: Float64Array, value: number): number {
  let [below, atMost] = [0, 0]
  for (let size = sorted.length; size > 0;) {
    const half = (size + 1) >> 1
    // No branch: half of them would be mispredicted.
    below += Number(sorted[below + half - 1]! < value) * half
    atMost += Number(sorted[atMost + half - 1]! <= value) * half
    size -= half
  }
  return (below + atMost) / 2
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

/**
 * [scores.length] how far each example moves the area: (its placement − the area) / examples of its class. Their sum is 0,
 * and that of a cluster is what the cluster moves. Undefined when only one class is there.
 */
export function aucInfluences(
  scores: ArrayLike<number>,
  isPositive: ArrayLike<number>,
): { readonly auc: number; readonly influences: Float64Array } | undefined {
  const found = placements(scores, isPositive)
  if (found === undefined) return undefined
  const { auc: area, ofPositives, ofNegatives } = found
  let [i, j] = [0, 0]
  const influences = Float64Array.from({ length: scores.length }, (_, row) =>
    isPositive[row] === 1
      ? (ofPositives[i++]! - area) / ofPositives.length
      : (ofNegatives[j++]! - area) / ofNegatives.length,
  )
  return { auc: area, influences }
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
