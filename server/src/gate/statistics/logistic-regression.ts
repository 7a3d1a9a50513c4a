import { minimise } from './lbfgs.ts'

/** Features and classes of some examples. */
export interface LabelledFeatures {
  /** [labels.length, numFeatures] */
  readonly x: Float32Array
  readonly numFeatures: number
  readonly labels: Int32Array
  readonly numClasses: number
}

/** P(class) = softmax(x · weights + intercepts). */
export interface LogisticModel {
  /** [numFeatures, numClasses], then [numClasses] intercepts. */
  readonly coefficients: Float64Array
  readonly numFeatures: number
  readonly numClasses: number
}

/**
 * Multinomial logistic regression: Σ −ln P(label) + ½ · ridge · Σ weights², intercepts not penalised, which has one
 * minimum. Time O(steps · non-zero features · classes). Source: Hastie, Tibshirani and Friedman 2009, ch. 4.4.
 */
export function fitLogistic(
  { x, numFeatures, labels, numClasses }: LabelledFeatures,
  { ridge = 1, maxSteps = 100 } = {},
): LogisticModel {
  const intercepts = numFeatures * numClasses
  const residual = new Float64Array(numClasses)
  const loss = (coefficients: Float64Array, gradient: Float64Array): number => {
    let total = 0
    for (let i = 0; i < intercepts; i++) {
      total += 0.5 * ridge * coefficients[i]! ** 2
      gradient[i] = ridge * coefficients[i]!
    }
    gradient.fill(0, intercepts)
    for (let row = 0; row < labels.length; row++) {
      const features = x.subarray(row * numFeatures, (row + 1) * numFeatures)
      softmaxInto(residual, features, coefficients)
      total -= Math.log(Math.max(residual[labels[row]!]!, Number.MIN_VALUE))
      residual[labels[row]!]! -= 1
      addProducts(gradient, features, residual)
    }
    return total
  }
  const start = new Float64Array(intercepts + numClasses)
  const { x: coefficients } = minimise(loss, start, { maxSteps, tolerance: 1e-5 * Math.max(1, labels.length) })
  return { coefficients, numFeatures, numClasses }
}

/** [numExamples, numClasses] probabilities of these examples. */
export function predictLogistic(
  { coefficients, numFeatures, numClasses }: LogisticModel,
  x: Float32Array,
): Float32Array {
  const numExamples = numFeatures === 0 ? 0 : x.length / numFeatures
  const probabilities = new Float32Array(numExamples * numClasses)
  const own = new Float64Array(numClasses)
  for (let row = 0; row < numExamples; row++) {
    softmaxInto(own, x.subarray(row * numFeatures, (row + 1) * numFeatures), coefficients)
    probabilities.set(own, row * numClasses)
  }
  return probabilities
}

/** Writes the probabilities of one example. */
function softmaxInto(out: Float64Array, features: Float32Array, coefficients: Float64Array): void {
  const numClasses = out.length
  out.set(coefficients.subarray(features.length * numClasses))
  for (let j = 0; j < features.length; j++) {
    const value = features[j]!
    // Pixels and one-hot columns are mostly 0.
    if (value === 0) continue
    for (let k = 0; k < numClasses; k++) out[k]! += value * coefficients[j * numClasses + k]!
  }
  let most = -Infinity
  for (let k = 0; k < numClasses; k++) most = Math.max(most, out[k]!)
  let total = 0
  for (let k = 0; k < numClasses; k++) total += out[k] = Math.exp(out[k]! - most)
  for (let k = 0; k < numClasses; k++) out[k]! /= total
}

function addProducts(gradient: Float64Array, features: Float32Array, residual: Float64Array): void {
  const numClasses = residual.length
  for (let j = 0; j < features.length; j++) {
    const value = features[j]!
    if (value === 0) continue
    for (let k = 0; k < numClasses; k++) gradient[j * numClasses + k]! += value * residual[k]!
  }
  const intercepts = features.length * numClasses
  for (let k = 0; k < numClasses; k++) gradient[intercepts + k]! += residual[k]!
}
