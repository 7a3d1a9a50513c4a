import { logOf, smallestNormal } from '@panal/client-core'
import type { ClassProbabilities } from './calibration-error.ts'
import { sum } from './summation.ts'

export { applyTemperature } from '@panal/client-core'

/** Answers are softmax(logits / T). T > 1 makes a model less sure. */
export interface Temperature {
  readonly temperature: number
  /** False where the data bound T on one side only (every answer right, say): T is then 1. */
  readonly identifiable: boolean
}

/** β = 1/T is looked for in [e⁻¹⁰, e¹⁰], as scikit-learn does. */
const maxLogBeta = 10
/** Of ln β: the loss is flat there to the last bits of a float64. */
const precision = 1e-8
const goldenSection = (Math.sqrt(5) - 1) / 2
/**
 * The temperature with the least log loss on these examples: the loss is convex in β, so golden section finds it. Fit it
 * on the calibration split, never on examples that judge. Source: Guo et al. 2017, arXiv:1706.04599.
 * @param smallest what a probability counts as at least: a rounded 0 in a file of recorded ones is no logit of −87
 */
export function fitTemperature(examples: ClassProbabilities, smallest = smallestNormal): Temperature {
  if (examples.labels.length === 0) return { temperature: 1, identifiable: false }
  const logits = logitsBelowTheirMost(examples, smallest)
  const loss = (logBeta: number) => scaledLoss(logits, examples, Math.exp(logBeta))
  let [low, high] = [-maxLogBeta, maxLogBeta]
  let [left, right] = [high - goldenSection * (high - low), low + goldenSection * (high - low)]
  let [lossLeft, lossRight] = [loss(left), loss(right)]
  while (high - low > precision) {
    if (lossLeft <= lossRight) {
      ;[high, right, lossRight] = [right, left, lossLeft]
      left = high - goldenSection * (high - low)
      lossLeft = loss(left)
    } else {
      ;[low, left, lossLeft] = [left, right, lossRight]
      right = low + goldenSection * (high - low)
      lossRight = loss(right)
    }
  }
  const best = (low + high) / 2
  // A flat end (each answer right: the loss falls for ever, or to within rounding of its limit) is no minimum.
  const isBound =
    maxLogBeta - Math.abs(best) < 1e-6 || loss(best) >= loss(maxLogBeta) || loss(best) >= loss(-maxLogBeta)
  return isBound ? { temperature: 1, identifiable: false } : { temperature: Math.exp(-best), identifiable: true }
}

/** [numExamples, numClasses] each row's logits less its largest, so that no β > 0 makes an exponential overflow. */
function logitsBelowTheirMost({ probabilities, numClasses }: ClassProbabilities, smallest: number): Float64Array {
  const logits = Float64Array.from(probabilities, (p) => logOf(p, smallest))
  for (let start = 0; start < logits.length; start += numClasses) {
    let most = -Infinity
    for (let i = start; i < start + numClasses; i++) most = Math.max(most, logits[i]!)
    for (let i = start; i < start + numClasses; i++) logits[i]! -= most
  }
  return logits
}

/** Mean −ln softmax(β · logits)_label. */
function scaledLoss(logits: Float64Array, { labels, numClasses }: ClassProbabilities, beta: number): number {
  const losses = new Float64Array(labels.length)
  for (let row = 0; row < losses.length; row++) {
    const start = row * numClasses
    let total = 0
    for (let i = start; i < start + numClasses; i++) total += Math.exp(beta * logits[i]!)
    losses[row] = Math.log(total) - beta * logits[start + labels[row]!]!
  }
  return sum(losses) / losses.length
}
