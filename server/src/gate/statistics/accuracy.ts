import type { Predictions } from '../contract.ts'

/** [numExamples] the most probable class of each row; the lowest index on a tie, so that it is the same everywhere. */
export function predictedClasses({ probabilities, labels, numClasses }: Predictions): Int32Array {
  // A plain loop, for every check asks: `Int32Array.from` with a function takes four times as long.
  const classes = new Int32Array(labels.length)
  for (let row = 0, first = 0; row < classes.length; row++, first += numClasses) {
    let best = first
    for (let i = first + 1; i < first + numClasses; i++) if (probabilities[i]! > probabilities[best]!) best = i
    classes[row] = best - first
  }
  return classes
}

/** Examples whose predicted class is the true one. */
export const numCorrect = (predictions: Predictions): number =>
  predictedClasses(predictions).reduce((count, each, row) => count + (each === predictions.labels[row] ? 1 : 0), 0)

/** numCorrect / numExamples. @throws RangeError without examples: 0/0 is not an accuracy */
export function accuracy(predictions: Predictions): number {
  if (predictions.labels.length === 0) throw new RangeError('accuracy: no examples')
  return numCorrect(predictions) / predictions.labels.length
}
