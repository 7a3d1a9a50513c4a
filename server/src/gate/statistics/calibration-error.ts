import { sum } from './summation.ts'

/** Forecasts that were put together: what was promised (`confidence`) and what happened (`frequency`). */
export interface Bin {
  readonly count: number
  readonly confidence: number
  readonly frequency: number
}

/** Forecasts in [0, 1] and whether each came true (1 or 0). */
export interface Forecasts {
  readonly confidence: ArrayLike<number>
  readonly correct: ArrayLike<number>
}

const mean = (values: readonly number[]): number => sum(values) / values.length

function binOf(rows: readonly number[], { confidence, correct }: Forecasts): Bin {
  const [c, a] = [rows.map((row) => confidence[row]!), rows.map((row) => correct[row]!)]
  return { count: rows.length, confidence: mean(c), frequency: mean(a) }
}

/**
 * Which of n equal bins [i/n, (i+1)/n) a forecast falls in, the last one closed. Compared with i/n: floor(p · n) puts some
 * forecasts on an edge into the bin before it.
 */
export function equalWidthIndex(p: number, n: number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`calibration: a forecast of ${p}`)
  let index = Math.min(n - 1, Math.floor(p * n))
  if (index < n - 1 && p >= (index + 1) / n) index++
  if (p < index / n) index--
  return index
}

/** The non-empty ones of n bins of equal width. */
export function equalWidthBins(forecasts: Forecasts, n: number): Bin[] {
  const rows = Array.from({ length: n }, (): number[] => [])
  for (let row = 0; row < forecasts.confidence.length; row++)
    rows[equalWidthIndex(forecasts.confidence[row]!, n)]!.push(row)
  return rows.filter((each) => each.length > 0).map((each) => binOf(each, forecasts))
}

/**
 * n bins of nearly equal counts: sorted by forecast, cut, then bins that share a forecast merged, so that the order of
 * equal forecasts cannot matter. Undefined when a bin would have fewer than two examples.
 */
export function equalMassBins(forecasts: Forecasts, n: number): Bin[] | undefined {
  const { confidence } = forecasts
  const order = Array.from({ length: confidence.length }, (_, row) => row)
  order.sort((a, b) => confidence[a]! - confidence[b]! || a - b)
  if (order.length < 2 * n) return undefined
  const bins: number[][] = []
  for (let i = 0; i < n; i++) {
    const rows = order.slice(Math.floor((i * order.length) / n), Math.floor(((i + 1) * order.length) / n))
    const last = bins.at(-1)
    if (last !== undefined && confidence[last.at(-1)!] === confidence[rows[0]!]) last.push(...rows)
    else bins.push(rows)
  }
  return bins.map((rows) => binOf(rows, forecasts))
}

const gap = ({ frequency, confidence }: Bin): number => Math.abs(frequency - confidence)
const total = (bins: readonly Bin[]): number => sum(bins.map(({ count }) => count))

/** Expected calibration error Σ n_b/N · |a_b − c_b|, in [0, 1]; 0 without bins. Source: Guo et al. 2017, arXiv:1706.04599 */
export const expectedCalibrationError = (bins: readonly Bin[]): number =>
  bins.length === 0 ? 0 : sum(bins.map((bin) => bin.count * gap(bin))) / total(bins)

/** The widest gap of any bin. */
export const maximumCalibrationError = (bins: readonly Bin[]): number => Math.max(0, ...bins.map(gap))

/** √Σ n_b/N · (a_b − c_b)². */
export const rootMeanSquareCalibrationError = (bins: readonly Bin[]): number =>
  bins.length === 0 ? 0 : Math.sqrt(sum(bins.map((bin) => bin.count * gap(bin) ** 2)) / total(bins))

/**
 * The squared error less what chance within bins adds to it; may be below 0. Bins of one example say nothing and are left
 * out. Source: Kumar, Liang and Ma 2019, arXiv:1909.10155
 */
export function debiasedSquaredError(bins: readonly Bin[]): number {
  const told = bins.filter(({ count }) => count >= 2)
  if (told.length === 0) return 0
  const parts = told.map((bin) => {
    const { count, frequency } = bin
    return count * (gap(bin) ** 2 - (frequency * (1 - frequency)) / (count - 1))
  })
  return sum(parts) / total(told)
}

export interface ClassProbabilities {
  /** [numExamples, numClasses] */
  readonly probabilities: ArrayLike<number>
  readonly labels: ArrayLike<number>
  readonly numClasses: number
}

/** Mean over the classes of the error of "it is class k". Source: Kull et al. 2019, arXiv:1910.12656 */
export function classwiseCalibrationError(of: ClassProbabilities, numBins: number): number {
  const errors = Array.from({ length: of.numClasses }, (_, k) =>
    expectedCalibrationError(equalWidthBins(forecastsOfClass(of, k), numBins)),
  )
  return mean(errors)
}

/** How sure the model is of each example being class k, and whether it is. */
export const forecastsOfClass = ({ probabilities, labels, numClasses }: ClassProbabilities, k: number): Forecasts => ({
  confidence: Array.from(labels, (_, row) => probabilities[row * numClasses + k]!),
  correct: Array.from(labels, (label) => (label === k ? 1 : 0)),
})

/** How sure the model is of its answer (the lowest index on a tie), and whether the answer is right. */
export function forecastsOfAnswer({ probabilities, labels, numClasses }: ClassProbabilities): Forecasts {
  const confidence = new Float64Array(labels.length)
  const correct = new Float64Array(labels.length)
  for (let row = 0; row < labels.length; row++) {
    let best = 0
    for (let k = 1; k < numClasses; k++)
      if (probabilities[row * numClasses + k]! > probabilities[row * numClasses + best]!) best = k
    confidence[row] = probabilities[row * numClasses + best]!
    correct[row] = best === labels[row] ? 1 : 0
  }
  return { confidence, correct }
}

/**
 * Squared kernel calibration error without bins: the mean of r_i·r_j·exp(−|p_i − p_j|/0.2) over pairs i ≠ j, r = y − p;
 * unbiased, so it may be below 0. Undefined with fewer than two. Cost O(n log n): in the order of the forecasts, what all
 * smaller ones add to each follows from what they added to the one before. Source: Widmann et al. 2019, arXiv:1910.11385
 */
export function kernelCalibrationError({ confidence, correct }: Forecasts): number | undefined {
  const n = confidence.length
  if (n < 2) return undefined
  const order = Uint32Array.from({ length: n }, (_, row) => row).sort((a, b) => confidence[a]! - confidence[b]!)
  const parts = new Float64Array(n)
  let [earlier, last, lastResidual] = [0, 0, 0]
  order.forEach((row, i) => {
    const p = confidence[row]!
    earlier = Math.exp((last - p) / 0.2) * (earlier + lastResidual)
    lastResidual = correct[row]! - p
    parts[i] = lastResidual * earlier
    last = p
  })
  return (2 * sum(parts)) / (n * (n - 1))
}
