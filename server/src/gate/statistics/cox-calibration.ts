import { clusterTotals } from './clusters.ts'
import { chiSquareTail, normalCdf, tCdf } from './distributions.ts'
import { sum } from './summation.ts'

/** logit P(y) = intercept + slope · logit p. A calibrated model has (0, 1); slope < 1: too sure of itself. */
export interface CoxCalibration {
  readonly intercept: number
  readonly slope: number
  /** Intercept with the slope held at 1: forecasts too low (> 0) or too high (< 0) on the whole. */
  readonly inTheLarge: number
  /** Likelihood-ratio test of (0, 1), 2 degrees of freedom. */
  readonly p: number
}

const maxSteps = 50
const unbounded = 50
/** Of the intercept with the slope held at 1. */
const precision = 1e-10
const clip = 1e-15

const logit = (p: number): number => {
  const inside = Math.min(Math.max(p, clip), 1 - clip)
  return Math.log(inside / (1 - inside))
}
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
/** −ln P(y | x) of a Bernoulli with logit x, without overflow. */
const deviance = (x: number, y: number): number => Math.max(x, 0) - x * y + Math.log1p(Math.exp(-Math.abs(x)))

/**
 * Fits slope and intercept by Newton's method (IRLS) with halved steps. Undefined with one outcome only, with one forecast only, and where
 * the data are separated, so that no finite fit exists (|slope| > 50). Source: Cox 1958.
 */
export function coxCalibration(
  probabilities: ArrayLike<number>,
  isPositive: ArrayLike<number>,
): CoxCalibration | undefined {
  const x = Float64Array.from(Array.from(probabilities, logit))
  const y = Float64Array.from(isPositive)
  const positives = sum(y)
  if (positives === 0 || positives === y.length || x.every((each) => each === x[0])) return undefined
  const fit = newton(x, y)
  const inTheLarge = offset(x, y)
  if (fit === undefined || inTheLarge === undefined) return undefined
  const loss = (a: number, b: number) => sum(x.map((each, i) => deviance(a + b * each, y[i]!)))
  const statistic = Math.max(0, 2 * (loss(0, 1) - loss(fit.intercept, fit.slope)))
  return { ...fit, inTheLarge, p: chiSquareTail(statistic, 2) }
}

function newton(x: Float64Array, y: Float64Array): { intercept: number; slope: number } | undefined {
  const loss = (a: number, b: number) => sum(x.map((each, i) => deviance(a + b * each, y[i]!)))
  let [a, b] = [0, 1]
  let least = loss(a, b)
  for (let step = 0; step < maxSteps; step++) {
    const direction = newtonDirection(x, y, [a, b])
    if (direction === undefined) return undefined
    const distance = Math.abs(direction[0]) + Math.abs(direction[1])
    if (distance < 1e-8) return { intercept: a + direction[0], slope: b + direction[1] }
    // A whole step may overshoot where the model is far too sure: halved until the likelihood rises.
    let [da, db] = direction
    for (let halving = 0; halving < 20 && !(loss(a + da, b + db) <= least); halving++) [da, db] = [da / 2, db / 2]
    a += da
    b += db
    least = loss(a, b)
    if (!(Math.abs(b) <= unbounded)) return undefined
  }
  return undefined
}

/** Undefined where the likelihood is flat. */
function newtonDirection(
  x: Float64Array,
  y: Float64Array,
  [a, b]: readonly [number, number],
): readonly [number, number] | undefined {
  const p = x.map((each) => sigmoid(a + b * each))
  const w = p.map((each) => each * (1 - each))
  const residual = y.map((each, i) => each - p[i]!)
  const [ga, gb] = [sum(residual), sum(residual.map((each, i) => each * x[i]!))]
  const [haa, hab, hbb] = [sum(w), sum(w.map((each, i) => each * x[i]!)), sum(w.map((each, i) => each * x[i]! * x[i]!))]
  const determinant = haa * hbb - hab * hab
  return determinant > 0 ? [(hbb * ga - hab * gb) / determinant, (haa * gb - hab * ga) / determinant] : undefined
}

/** Intercept that makes the forecasts right on the whole, the slope being 1. */
function offset(x: Float64Array, y: Float64Array): number | undefined {
  let [low, high] = [-unbounded, unbounded]
  const target = sum(y)
  // What is promised rises with the intercept: Newton's steps, and a halving where such a step would leave the interval.
  let intercept = 0
  while (high - low > precision) {
    const p = x.map((each) => sigmoid(intercept + each))
    const lack = target - sum(p)
    if (lack > 0) low = intercept
    else high = intercept
    const step = intercept + lack / sum(p.map((each) => each * (1 - each)))
    const next = step > low && step < high ? step : (low + high) / 2
    if (Math.abs(next - intercept) < precision) return next
    intercept = next
  }
  return intercept
}

/**
 * Two-sided test that the forecasts are calibrated, from the Brier score's deviation: Z = Σ(y−p)(1−2p) / √Σ(1−2p)²p(1−p).
 * Where examples come in clusters, what each adds up to is squared instead, and t has one degree less than there are
 * clusters. Undefined where every forecast is 0, ½ or 1, or with one cluster. Source: Spiegelhalter 1986; Liang and
 * Zeger 1986.
 */
export function spiegelhalter(
  probabilities: ArrayLike<number>,
  isPositive: ArrayLike<number>,
  clusters?: ArrayLike<number>,
): { readonly z: number; readonly p: number } | undefined {
  const p = Array.from(probabilities)
  const variance = sum(p.map((each) => (1 - 2 * each) ** 2 * each * (1 - each)))
  if (!(variance > 0)) return undefined
  const deviations = p.map((each, i) => (isPositive[i]! - each) * (1 - 2 * each))
  if (clusters !== undefined) return overClusters(clusterTotals(deviations, clusters).sums)
  const z = sum(deviations) / Math.sqrt(variance)
  return { z, p: 2 * normalCdf(-Math.abs(z)) }
}

function overClusters(sums: Float64Array): { readonly z: number; readonly p: number } | undefined {
  const squares = sum(sums.map((each) => each * each))
  if (sums.length < 2 || !(squares > 0)) return undefined
  const z = sum(sums) / Math.sqrt((squares * sums.length) / (sums.length - 1))
  return { z, p: 2 * tCdf(-Math.abs(z), sums.length - 1) }
}
