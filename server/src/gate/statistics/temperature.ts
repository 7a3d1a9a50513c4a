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
/** Of ln β. */
const precision = 1e-10

/**
 * The temperature with the least log loss on these examples. The loss is convex in β, so its slope has one root: Newton's
 * steps, and a halving of the interval where such a step would leave it. Fit it on the calibration split, never on examples
 * that judge. Source: Guo et al. 2017, arXiv:1706.04599.
 * @param smallest what a probability counts as at least: a rounded 0 in a file of recorded ones is no logit of −87
 */
export function fitTemperature(examples: ClassProbabilities, smallest = smallestNormal): Temperature {
  if (examples.labels.length === 0) return { temperature: 1, identifiable: false }
  const logits = logitsBelowTheirMost(examples, smallest)
  const at = (logBeta: number) => lossAt(logits, examples, logBeta)
  let [low, high] = [-maxLogBeta, maxLogBeta]
  let best = 0
  while (high - low > precision) {
    const { slope, curvature } = at(best)
    if (slope > 0) high = best
    else low = best
    const step = best - slope / curvature
    const next = step > low && step < high ? step : (low + high) / 2
    if (Math.abs(next - best) < precision) break
    best = next
  }
  const loss = at(best).loss
  // A flat end (each answer right: the loss falls for ever, or to within rounding of its limit) is no minimum.
  const isBound = maxLogBeta - Math.abs(best) < 1e-6 || loss >= at(maxLogBeta).loss || loss >= at(-maxLogBeta).loss
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

/** Mean −ln softmax(β · logits)_label, and its first and second derivatives by ln β. */
function lossAt(
  logits: Float64Array,
  { labels, numClasses }: ClassProbabilities,
  logBeta: number,
): { readonly loss: number; readonly slope: number; readonly curvature: number } {
  const beta = Math.exp(logBeta)
  const n = labels.length
  const [losses, slopes, curvatures] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)]
  for (let row = 0; row < n; row++) {
    const start = row * numClasses
    // Σ e^{βz}, Σ z e^{βz}, Σ z² e^{βz}: mean and variance of the logit under the model follow.
    let [total, first, second] = [0, 0, 0]
    for (let i = start; i < start + numClasses; i++) {
      const logit = logits[i]!
      const weight = Math.exp(beta * logit)
      total += weight
      first += weight * logit
      second += weight * logit * logit
    }
    const mean = first / total
    const own = logits[start + labels[row]!]!
    losses[row] = Math.log(total) - beta * own
    slopes[row] = beta * (mean - own)
    curvatures[row] = slopes[row]! + beta * beta * (second / total - mean * mean)
  }
  return { loss: sum(losses) / n, slope: sum(slopes) / n, curvature: sum(curvatures) / n }
}
