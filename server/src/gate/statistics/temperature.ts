import { sum } from './summation.ts'
import type { ClassProbabilities } from './calibration-error.ts'

/** Answers are softmax(logits / T). T > 1 makes a model less sure. */
export interface Temperature {
  readonly temperature: number
  /** False where the data bound T on one side only (every answer right, say): T is then 1. */
  readonly identifiable: boolean
}

/** β = 1/T is looked for in [e⁻¹⁰, e¹⁰], as scikit-learn does. */
const maxLogBeta = 10
const goldenSection = (Math.sqrt(5) - 1) / 2
const tiny = 1e-12

/** [numExamples, numClasses] ln(p + 1e-12): logits up to a constant of each row, which softmax does not see. */
const logitsOf = ({ probabilities }: ClassProbabilities): Float64Array =>
  Float64Array.from(Array.from(probabilities, (p) => Math.log(p + tiny)))

/**
 * The temperature with the least log loss on these examples: the loss is convex in β, so golden section finds it. Fit it
 * on the calibration split, never on examples that judge. Source: Guo et al. 2017, arXiv:1706.04599.
 */
export function fitTemperature(examples: ClassProbabilities): Temperature {
  if (examples.labels.length === 0) return { temperature: 1, identifiable: false }
  const logits = logitsOf(examples)
  const loss = (logBeta: number) => scaledLoss(logits, examples, Math.exp(logBeta))
  let [low, high] = [-maxLogBeta, maxLogBeta]
  let [left, right] = [high - goldenSection * (high - low), low + goldenSection * (high - low)]
  let [lossLeft, lossRight] = [loss(left), loss(right)]
  while (high - low > 1e-9) {
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

/** Mean −ln softmax(β · logits)_label. */
function scaledLoss(logits: Float64Array, { labels, numClasses }: ClassProbabilities, beta: number): number {
  const losses = new Float64Array(labels.length)
  for (let row = 0; row < losses.length; row++) {
    const start = row * numClasses
    let most = -Infinity
    for (let k = 0; k < numClasses; k++) most = Math.max(most, beta * logits[start + k]!)
    let total = 0
    for (let k = 0; k < numClasses; k++) total += Math.exp(beta * logits[start + k]! - most)
    losses[row] = Math.log(total) + most - beta * logits[start + labels[row]!]!
  }
  return sum(losses) / losses.length
}

/**
 * Probabilities p^β, renormalised: [numExamples, numClasses]. Law: each row's order is kept, so no answer changes. T = 1
 * answers the very same numbers.
 */
export function applyTemperature(
  { probabilities, numClasses }: Pick<ClassProbabilities, 'probabilities' | 'numClasses'>,
  temperature: number,
): Float32Array {
  const scaled = Float32Array.from(probabilities)
  if (temperature === 1) return scaled
  for (let start = 0; start < scaled.length; start += numClasses) {
    const row = Array.from({ length: numClasses }, (_, k) => Math.log(probabilities[start + k]! + tiny) / temperature)
    const most = Math.max(...row)
    const powers = row.map((each) => Math.exp(each - most))
    const total = powers.reduce((a, b) => a + b, 0)
    powers.forEach((power, k) => (scaled[start + k] = power / total))
    keepAnswer(probabilities, scaled.subarray(start, start + numClasses), start)
  }
  return scaled
}

/** Rounding to float32 can make two scaled values equal whose originals were not: the first of them would then win. */
function keepAnswer(original: ArrayLike<number>, scaled: Float32Array, start: number): void {
  let best = 0
  for (let k = 1; k < scaled.length; k++) if (original[start + k]! > original[start + best]!) best = k
  for (let k = 0; k < best; k++) if (scaled[k]! >= scaled[best]!) scaled[k] = nextBelow(scaled[best]!)
}

const bits = new Uint32Array(1)
const float = new Float32Array(bits.buffer)
/** The next smaller float32 of a positive one. */
function nextBelow(value: number): number {
  float[0] = value
  bits[0] = bits[0]! - 1
  return float[0]
}
