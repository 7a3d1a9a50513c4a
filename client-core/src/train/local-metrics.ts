import type { LocalMetrics } from './trainer.ts'

const leastProbability = 1e-7

/**
 * Accuracy and log loss of class probabilities [numExamples, numClasses]; the first of equal maxima is the answer.
 * Sums in float64. @throws RangeError when there are no examples.
 */
export function localMetrics(probabilities: Float32Array, labels: Int32Array, numClasses: number): LocalMetrics {
  const numExamples = labels.length
  if (numExamples === 0) throw new RangeError('metrics: no examples')
  let numRight = 0
  let lossSum = 0
  for (let row = 0; row < numExamples; row++) {
    const start = row * numClasses
    let best = 0
    for (let c = 1; c < numClasses; c++) if (probabilities[start + c]! > probabilities[start + best]!) best = c
    const label = labels[row]!
    if (best === label) numRight++
    lossSum -= Math.log(Math.min(1, Math.max(leastProbability, probabilities[start + label]!)))
  }
  return { numExamples, accuracy: numRight / numExamples, logLoss: lossSum / numExamples }
}
