import { makeRng } from '@panal/client-core'
import { normalCdf, normalQuantile } from './distributions.ts'
import { addUp, resampler, sumUnits, type Units } from './resampling.ts'
import { sum } from './summation.ts'

/** What a stream of chance is named by: replicate b depends on these and on b alone, whoever draws it and when. */
export interface BootstrapKey {
  readonly seed: string
  readonly metric: string
  readonly slice?: string
}

export interface BootstrapOptions {
  readonly key: BootstrapKey
  /** Default 2000. */
  readonly numReplicates?: number
  /** Of each end of the interval, one-sided. Default 0.05. */
  readonly alpha?: number
}

export interface Bootstrap {
  readonly method: 'BCa' | 'percentile-t'
  readonly estimate: number
  /** Standard deviation of the replicates, or the estimated one where the method has it. */
  readonly se: number
  /** Each end a one-sided bound at `alpha`. */
  readonly interval: readonly [number, number]
  /** Every replicate is the same: the data show no spread, and the interval (a point) proves nothing. */
  readonly isDegenerate: boolean
  /** One-sided p of H₀ "the true value is at most this": below alpha where this is under the interval, to within one replicate. */
  readonly pAtMost: (value: number) => number
  /** One-sided p of H₀ "the true value is at least this". */
  readonly pAtLeast: (value: number) => number
}

const defaultReplicates = 2000

/** A short name of the key: replicate b is drawn from the stream `name/b`. 64 bits, so that no two keys share one. */
function streamOf({ seed, metric, slice }: BootstrapKey): string {
  const rng = makeRng(JSON.stringify(['bootstrap', seed, metric, slice ?? null]))
  const half = () => (rng.uniform() * 2 ** 32).toString(36)
  return `${half()}-${half()}`
}

/**
 * Bias-corrected and accelerated bootstrap of a metric of totals. Undefined with fewer than two units. Cost: replicates ×
 * (draws + distinct units + metric); the acceleration is from leaving out each distinct unit once. A metric must be
 * defined for whatever may be drawn: answer 0 for 0/0. Source: Efron 1987; Efron and Tibshirani 1993, ch. 14.
 */
export function bootstrap(
  units: Units,
  metric: (totals: Float64Array) => number,
  { key, numReplicates = defaultReplicates, alpha = 0.05 }: BootstrapOptions,
): Bootstrap | undefined {
  if (units.numUnits < 2) return undefined
  const totals = new Float64Array(units.numTotals)
  addUp(units, units.multiplicities, totals)
  const estimate = metric(totals)
  const values = replicate(units, metric, { stream: streamOf(key), numReplicates })
  const isDegenerate = values[0] === values.at(-1)
  const bend = isDegenerate
    ? { bias: 0, acceleration: 0 }
    : { bias: biasOf(values, estimate), acceleration: accelerationOf(units, metric) }
  const bound = (z: number) => quantile(values, normalCdf(adjusted(z, bend)))
  const zAt = (value: number) => unadjusted(normalQuantile(shareBelow(values, value)), bend)
  const least = 1 / (numReplicates + 1)
  return {
    method: 'BCa',
    estimate,
    se: deviation(values),
    interval: [bound(normalQuantile(alpha)), bound(normalQuantile(1 - alpha))],
    isDegenerate,
    pAtMost: (value) => (isDegenerate ? (estimate > value ? 0 : 1) : Math.max(least, normalCdf(zAt(value)))),
    pAtLeast: (value) => (isDegenerate ? (estimate < value ? 0 : 1) : Math.max(least, normalCdf(-zAt(value)))),
  }
}

/** [numReplicates] rising. */
function replicate(
  units: Units,
  metric: (totals: Float64Array) => number,
  { stream, numReplicates }: { readonly stream: string; readonly numReplicates: number },
): Float64Array {
  const draw = resampler(units)
  const weights = new Int32Array(units.multiplicities.length)
  const totals = new Float64Array(units.numTotals)
  const values = Float64Array.from({ length: numReplicates }, (_, b) => {
    draw(weights, makeRng(`${stream}/${b}`))
    addUp(units, weights, totals)
    return metric(totals)
  })
  if (values.some(Number.isNaN)) throw new RangeError('bootstrap: the metric is undefined for a replicate')
  return values.sort()
}

interface Bend {
  /** z₀: how far the median of the replicates is from the estimate. */
  readonly bias: number
  readonly acceleration: number
}

const biasOf = (values: Float64Array, estimate: number): number => normalQuantile(shareBelow(values, estimate))

/** Share of replicates below a value, equal ones counting half; kept off 0 and 1, where no quantile is. */
function shareBelow(values: Float64Array, value: number): number {
  const share = (firstAtLeast(values, value) + firstAbove(values, value)) / 2 / values.length
  const edge = 0.5 / values.length
  return Math.min(Math.max(share, edge), 1 - edge)
}

/** Sums of leaving out one unit: how the spread changes with the value. */
function accelerationOf(units: Units, metric: (totals: Float64Array) => number): number {
  const { multiplicities, offsets, indices, values } = units
  const totals = new Float64Array(units.numTotals)
  addUp(units, multiplicities, totals)
  const without = Float64Array.from(multiplicities, (_, u) => {
    for (let e = offsets[u]!; e < offsets[u + 1]!; e++) totals[indices[e]!]! -= values[e]!
    const left = metric(totals)
    for (let e = offsets[u]!; e < offsets[u + 1]!; e++) totals[indices[e]!]! += values[e]!
    return left
  })
  const centre = sum(without.map((each, u) => each * multiplicities[u]!)) / units.numUnits
  const moment = (power: number) => sum(without.map((each, u) => multiplicities[u]! * (centre - each) ** power))
  const spread = moment(2)
  return spread > 0 ? moment(3) / (6 * spread ** 1.5) : 0
}

const adjusted = (z: number, { bias, acceleration }: Bend): number => {
  const sum = bias + z
  const scale = 1 - acceleration * sum
  return scale > 0 ? bias + sum / scale : Math.sign(sum) * Infinity
}

/** The inverse of `adjusted`: the level at which a bound would be here. */
const unadjusted = (w: number, { bias, acceleration }: Bend): number => {
  const scale = 1 + acceleration * (w - bias)
  return scale > 0 ? (w - bias) / scale - bias : Math.sign(w - bias) * Infinity
}

/** Between order statistics, at (B + 1)·p; the outermost ones beyond them. */
function quantile(sorted: Float64Array, p: number): number {
  const at = Math.min(Math.max((sorted.length + 1) * p - 1, 0), sorted.length - 1)
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!]
  return low + (at - Math.floor(at)) * (high - low)
}

const firstAtLeast = (sorted: Float64Array, value: number): number => countWhile(sorted, (each) => each < value)
const firstAbove = (sorted: Float64Array, value: number): number => countWhile(sorted, (each) => each <= value)

/** How many values at the front hold; they hold up to some place and no further. */
function countWhile(sorted: Float64Array, holds: (value: number) => boolean): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(sorted[middle]!)) low = middle + 1
    else high = middle
  }
  return low
}

function deviation(values: Float64Array): number {
  const centre = sum(values) / values.length
  return Math.sqrt(sum(values.map((each) => (each - centre) ** 2)) / (values.length - 1))
}

/**
 * Percentile-t bootstrap of a mean over examples, where examples come in clusters (the clients): Σ values / Σ examples,
 * each replicate measured in its own standard error, that of a ratio of cluster totals. More accurate than BCa for means,
 * and for few clusters. Undefined with fewer than two clusters, or with so few that an end of the interval would be among
 * the draws that have no spread. Source: Efron and Tibshirani 1993, ch. 12.
 */
export function bootstrapMean(
  values: ArrayLike<number>,
  {
    clusters,
    key,
    numReplicates = defaultReplicates,
    alpha = 0.05,
  }: BootstrapOptions & { clusters?: ArrayLike<number> },
): Bootstrap | undefined {
  const units = withProducts(sumUnits([values, new Uint8Array(values.length).fill(1)], clusters))
  if (units.numUnits < 2) return undefined
  const totals = new Float64Array(units.numTotals)
  addUp(units, units.multiplicities, totals)
  const { mean: estimate, se } = ratioOf(totals, units.numUnits)
  const isDegenerate = !(se > 0)
  const studentised = (drawn: Float64Array) => {
    const of = ratioOf(drawn, units.numUnits)
    // All of one kind were drawn: nothing says how far off they are.
    return of.se > 0 ? (of.mean - estimate) / of.se : Math.sign(of.mean - estimate) * Number.MAX_VALUE
  }
  const t = isDegenerate ? new Float64Array(1) : replicate(units, studentised, { stream: streamOf(key), numReplicates })
  const [low, high] = [quantile(t, alpha), quantile(t, 1 - alpha)]
  if (Math.max(Math.abs(low), Math.abs(high)) === Number.MAX_VALUE) return undefined
  const shareOf = (count: number) => (count + 1) / (t.length + 1)
  return {
    method: 'percentile-t',
    estimate,
    se,
    interval: [estimate - high * se, estimate - low * se],
    isDegenerate,
    pAtMost: (value) =>
      isDegenerate ? (estimate > value ? 0 : 1) : shareOf(t.length - firstAtLeast(t, (estimate - value) / se)),
    pAtLeast: (value) => (isDegenerate ? (estimate < value ? 0 : 1) : shareOf(firstAbove(t, (estimate - value) / se))),
  }
}

/** From (s, n) of each unit, (s, n, s², s·n, n²). */
function withProducts(units: Units): Units {
  const numDistinct = units.multiplicities.length
  const values = new Float64Array(5 * numDistinct)
  for (let u = 0; u < numDistinct; u++) {
    const [s, n] = [units.values[2 * u]!, units.values[2 * u + 1]!]
    values.set([s, n, s * s, s * n, n * n], 5 * u)
  }
  return {
    ...units,
    numTotals: 5,
    values,
    offsets: Int32Array.from({ length: numDistinct + 1 }, (_, u) => 5 * u),
    indices: Int32Array.from({ length: 5 * numDistinct }, (_, e) => e % 5),
  }
}

/** Σs/Σn, and its standard error by the residuals s − mean · n of the units. */
function ratioOf([s, n, ss, sn, nn]: Float64Array, numUnits: number): { mean: number; se: number } {
  const mean = s! / n!
  const squares = ss! - 2 * mean * sn! + mean * mean * nn!
  // Rounding leaves a little where there is none.
  const isNone = !(squares > 1e-12 * ss!)
  return { mean, se: isNone ? 0 : Math.sqrt((squares * numUnits) / (numUnits - 1)) / n! }
}
