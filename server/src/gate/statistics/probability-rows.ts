import type { Predictions } from '../contract.ts'

/**
 * How far a row may be from summing to 1. Softmax runs in float32: a plain sum of up to 1000 classes is off by at most
 * 1000 · 2⁻²⁴ ≈ 6e-5. A model that does not end in softmax or sigmoid misses by far more.
 */
export const rowSumTolerance = 1e-4

/** [numExamples] Σ of each row, in float64. A row with a value that is not finite or is negative sums to NaN. */
export function rowSums({ probabilities, labels, numClasses }: Predictions): Float64Array {
  if (probabilities.length !== labels.length * numClasses)
    throw new RangeError(`${probabilities.length} probabilities for ${labels.length} examples of ${numClasses} classes`)
  const sums = new Float64Array(labels.length)
  for (let row = 0; row < sums.length; row++) {
    let total = 0
    for (let i = row * numClasses; i < (row + 1) * numClasses; i++) {
      const p = probabilities[i]!
      total += p >= 0 && p < Infinity ? p : NaN
    }
    sums[row] = total
  }
  return sums
}

/** Index of the first row that is not a probability distribution; −1 when every row is one. */
export const firstImproperRow = (predictions: Predictions): number =>
  rowSums(predictions).findIndex((total) => !(Math.abs(total - 1) < rowSumTolerance))
