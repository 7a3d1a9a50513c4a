import type { Predictions } from '../contract.ts'
import { rowSums, rowSumTolerance } from './probability-rows.ts'
import { mean } from './summation.ts'

/** Probabilities are clipped to [this, 1 − this], so that one confident mistake costs 34.5 nats and not infinity. */
export const smallestProbability = 1e-15

/**
 * [numExamples] −ln p of the true class, in nats: the proper score with the most power (gate.md §1.10).
 * Rows are renormalised in float64, p is clipped to [1e-15, 1 − 1e-15]. No examples → empty.
 * @throws RangeError on a row that is not a distribution, or a label outside the classes
 */
export function logLosses(predictions: Predictions): Float64Array {
  const { probabilities, labels, numClasses } = predictions
  const sums = rowSums(predictions)
  const losses = new Float64Array(labels.length)
  for (let row = 0; row < losses.length; row++) {
    const [label, total] = [labels[row]!, sums[row]!]
    if (!(Math.abs(total - 1) < rowSumTolerance))
      throw new RangeError(`the probabilities of example ${row} do not sum to 1`)
    const p = label >= 0 && label < numClasses ? probabilities[row * numClasses + label] : undefined
    if (p === undefined) throw new RangeError(`the label of example ${row} is not one of the ${numClasses} classes`)
    losses[row] = -Math.log(Math.min(Math.max(p / total, smallestProbability), 1 - smallestProbability))
  }
  return losses
}

/** Mean of `logLosses`. @throws RangeError also when there are no examples */
export const meanLogLoss = (predictions: Predictions): number => mean(logLosses(predictions))
