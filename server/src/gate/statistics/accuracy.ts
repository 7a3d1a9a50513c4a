import type { Predictions } from '../contract.ts'

/** [numExamples] the most probable class of each row; the lowest index on a tie, so that it is the same everywhere. */
export function predictedClasses({ probabilities, labels, numClasses }: Predictions): Int32Array {
  return Int32Array.from(labels, (_, row) => {
    const first = row * numClasses
    let best = first
    for (let i = first + 1; i < first + numClasses; i++) if (probabilities[i]! > probabilities[best]!) best = i
    return best - first
  })
}

/** Examples whose predicted class is the true one. */
export const numCorrect = (predictions: Predictions): number =>
  predictedClasses(predictions).reduce((count, each, row) => count + (each === predictions.labels[row] ? 1 : 0), 0)

/** numCorrect / numExamples. @throws RangeError without examples: 0/0 is not an accuracy */
export function accuracy(predictions: Predictions): number {
  if (predictions.labels.length === 0) throw new RangeError('accuracy: no examples')
  return numCorrect(predictions) / predictions.labels.length
}
