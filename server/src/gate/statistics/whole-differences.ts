import { normalCdf, normalQuantile } from './distributions.ts'
import { requiredSampleSize } from './sample-size.ts'
import { wilsonOneSided } from './wilson.ts'

/** Differences that are small whole numbers, most of them 0: what a model won or lost on each example. */
export interface WholeDifferences {
  readonly n: number
  readonly sum: number
  readonly squares: number
  readonly numNonzero: number
}

/** Exact in whatever order they come. */
export function wholeDifferences(differences: Int8Array): WholeDifferences {
  let [sum, squares, numNonzero] = [0, 0, 0]
  for (const each of differences) {
    sum += each
    squares += each * each
    if (each !== 0) numNonzero++
  }
  return { n: differences.length, sum, squares, numNonzero }
}

/**
 * A bound of their mean as if z² more examples had been seen, half of them one off to that side and half of them 0. So
 * that few differences, or none, do not prove that there are none. One-sided at Φ(−z).
 * Source: Agresti and Coull 1998 for a proportion, Agresti and Min 2005 for paired ones; each end with its own addition.
 */
function bound({ n, sum, squares }: WholeDifferences, { z, side }: { z: number; side: 1 | -1 }): number {
  const total = n + z * z
  const mean = (sum + (side * z * z) / 2) / total
  const variance = (squares + (z * z) / 2) / total - mean * mean
  return mean + side * z * Math.sqrt(Math.max(0, variance) / total)
}

/** Each end is a one-sided bound of the mean at `alpha`. No differences → [−1, 1]. */
export function wholeInterval(of: WholeDifferences, alpha = 0.05): readonly [number, number] {
  if (of.n === 0) return [-1, 1]
  const z = normalQuantile(1 - alpha)
  return [bound(of, { z, side: -1 }), bound(of, { z, side: 1 })]
}

/** Beyond this, p is 0 in float64. */
const largestZ = 40
const steps = 60

/** One-sided p of H₀ "the true mean is at most this": below `alpha` exactly where the interval's lower end is above it. */
export function pMeanAtMost(of: WholeDifferences, value: number): number {
  const mean = of.sum / of.n
  if (of.n === 0 || mean === value) return 0.5
  return mean > value
    ? tail((z) => bound(of, { z, side: -1 }) > value)
    : 1 - tail((z) => bound(of, { z, side: 1 }) < value)
}

/** One-sided p of H₀ "the true mean is at least this". */
export const pMeanAtLeast = (of: WholeDifferences, value: number): number => 1 - pMeanAtMost(of, value)

/** Φ(−z) of the largest z for which the bound still excludes the value, by bisection. */
function tail(excludes: (z: number) => boolean): number {
  let [low, high] = [0, largestZ]
  for (let i = 0; i < steps; i++) {
    const middle = (low + high) / 2
    if (excludes(middle)) low = middle
    else high = middle
  }
  return normalCdf(-low)
}

/**
 * Examples needed to tell no difference from one of −margin. How often they differ is taken at its *upper* bound: where
 * none does, some still might.
 */
export function requiredForWhole(of: WholeDifferences, { margin, alpha }: { margin: number; alpha: number }): number {
  const share = wilsonOneSided(of.numNonzero, of.n, alpha)[1]
  const square = of.numNonzero === 0 ? 1 : of.squares / of.numNonzero
  return requiredSampleSize({ sd: Math.sqrt(share * square), margin, alpha })
}
