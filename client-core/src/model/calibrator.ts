import { Type, type Static } from 'typebox'

const closed = { additionalProperties: false }
const Curve = Type.Object(
  {
    x: Type.Array(Type.Number(), { minItems: 1, description: 'rising, no two equal' }),
    y: Type.Array(Type.Number({ minimum: 0, maximum: 1 }), { minItems: 1, description: 'not falling, one for each x' }),
  },
  closed,
)

/** A rising curve through points; between them it is interpolated, outside it is flat. */
export type Isotonic = Static<typeof Curve>

/**
 * What turns a model's probabilities into ones that mean what they say; part of the model that is served. `identity`
 * leaves them as they are. `platt`: P(second class) = 1 / (1 + e^(a·z + b)) of the logit z = ln p₂/p₁, two classes only.
 * `isotonic`: of the second of two classes, or of each class, the row then renormalised.
 */
export const Calibrator = Type.Union([
  Type.Object({ method: Type.Literal('identity') }, closed),
  Type.Object(
    { method: Type.Literal('temperature'), temperature: Type.Number({ exclusiveMinimum: 0 }) },
    { ...closed, description: 'logits are divided by it' },
  ),
  Type.Object({ method: Type.Literal('platt'), a: Type.Number(), b: Type.Number() }, closed),
  Type.Object({ method: Type.Literal('isotonic'), curves: Type.Array(Curve, { minItems: 1 }) }, closed),
])
export type Calibrator = Static<typeof Calibrator>

/** In a few words, for people. */
export function sayCalibrator(calibrator: Calibrator): string {
  switch (calibrator.method) {
    case 'identity':
      return 'none: answers are served as they are'
    case 'temperature':
      return `temperature ${calibrator.temperature.toFixed(3)}: logits are divided by it`
    case 'platt':
      return `Platt’s line: the logit z becomes ${(-calibrator.a).toFixed(3)}·z + ${(-calibrator.b).toFixed(3)}`
    case 'isotonic':
      return 'isotonic curve: it may tie answers that were apart'
  }
}

/** Rows of class probabilities. */
export interface ProbabilityRows {
  /** [numExamples, numClasses] */
  readonly probabilities: ArrayLike<number>
  readonly numClasses: number
}

/** The smallest float32 that keeps all its digits: below it a softmax has lost the logit, and here it ends. */
export const smallestNormal = 2 ** -126

/** ln p, from `smallest` on: logits up to a constant of each row, which softmax does not see. */
export const logOf = (p: number, smallest = smallestNormal): number => Math.log(Math.max(p, smallest))

/** [numExamples, numClasses] calibrated probabilities. @throws RangeError where the calibrator has other classes */
export function applyCalibrator(calibrator: Calibrator, rows: ProbabilityRows): Float32Array {
  switch (calibrator.method) {
    case 'identity':
      return Float32Array.from(rows.probabilities)
    case 'temperature':
      return applyTemperature(rows, calibrator.temperature)
    case 'platt':
      return applyToPairs(rows, ([p, q]) => applyPlatt(calibrator, logOf(q) - logOf(p)))
    case 'isotonic':
      return applyCurves(rows, calibrator.curves)
  }
}

/**
 * Probabilities p^(1/T), renormalised. Law: each row's order is kept, so no answer changes. T = 1 answers the very same
 * numbers.
 */
export function applyTemperature({ probabilities, numClasses }: ProbabilityRows, temperature: number): Float32Array {
  const scaled = Float32Array.from(probabilities)
  if (temperature === 1) return scaled
  for (let start = 0; start < scaled.length; start += numClasses) {
    let most = -Infinity
    for (let i = start; i < start + numClasses; i++) most = Math.max(most, logOf(probabilities[i]!))
    let total = 0
    for (let i = start; i < start + numClasses; i++) total += Math.exp((logOf(probabilities[i]!) - most) / temperature)
    for (let i = start; i < start + numClasses; i++)
      scaled[i] = Math.exp((logOf(probabilities[i]!) - most) / temperature) / total
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

/** P(positive) = 1 / (1 + e^(a·score + b)), without overflow. */
export function applyPlatt({ a, b }: { readonly a: number; readonly b: number }, score: number): number {
  const f = a * score + b
  return f >= 0 ? Math.exp(-f) / (1 + Math.exp(-f)) : 1 / (1 + Math.exp(f))
}

/** The curve at a score; cost O(log points). */
export function applyIsotonic({ x, y }: Isotonic, score: number): number {
  let [low, high] = [0, x.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (x[middle]! >= score) high = middle
    else low = middle + 1
  }
  if (low === x.length) return y.at(-1)!
  if (low === 0 || x[low] === score) return y[low]!
  const [x0, x1, y0, y1] = [x[low - 1]!, x[low]!, y[low - 1]!, y[low]!]
  return y0 + ((score - x0) / (x1 - x0)) * (y1 - y0)
}

function applyToPairs(
  { probabilities, numClasses }: ProbabilityRows,
  second: (pair: readonly [number, number]) => number,
): Float32Array {
  if (numClasses !== 2) throw new RangeError(`a calibrator of two classes, and ${numClasses} classes`)
  const calibrated = new Float32Array(probabilities.length)
  for (let i = 0; i < calibrated.length; i += 2) {
    const p = second([probabilities[i]!, probabilities[i + 1]!])
    calibrated[i] = 1 - p
    calibrated[i + 1] = p
  }
  return calibrated
}

function applyCurves(rows: ProbabilityRows, curves: readonly Isotonic[]): Float32Array {
  const { probabilities, numClasses } = rows
  const [only] = curves
  if (numClasses === 2 && only !== undefined && curves.length === 1)
    return applyToPairs(rows, ([, q]) => applyIsotonic(only, q))
  if (curves.length !== numClasses) throw new RangeError(`a calibrator of ${curves.length} classes, not ${numClasses}`)
  const calibrated = new Float32Array(probabilities.length)
  for (let start = 0; start < calibrated.length; start += numClasses) {
    const row = curves.map((curve, k) => applyIsotonic(curve, probabilities[start + k]!))
    const total = row.reduce((sum, each) => sum + each, 0)
    // Every curve says 0: they know nothing of such a row, and the model's own answer stands.
    row.forEach((each, k) => (calibrated[start + k] = total > 0 ? each / total : probabilities[start + k]!))
  }
  return calibrated
}
