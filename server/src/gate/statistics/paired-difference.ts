import { tCdf, tQuantile } from './distributions.ts'
import { mean, sum } from './summation.ts'

/** Differences of two models on the same examples, summed up. */
export interface PairedDifference {
  readonly n: number
  readonly mean: number
  /** Standard deviation of one difference, n − 1 in the denominator. */
  readonly sd: number
}

/** @throws RangeError with fewer than two differences: one has no spread */
export function pairedDifference(differences: Float64Array): PairedDifference {
  const n = differences.length
  if (n < 2) throw new RangeError(`paired difference: ${n} differences; a spread needs 2`)
  const centre = mean(differences)
  const variance = sum(differences.map((each) => (each - centre) ** 2)) / (n - 1)
  return { n, mean: centre, sd: Math.sqrt(variance) }
}

/**
 * mean ± t_{1−alpha, n−1} · sd/√n: two-sided at level 1 − 2·alpha, so that each end is a one-sided bound at `alpha`.
 * All differences equal → both ends are the mean. Source: Student 1908; needs n large enough for the mean to be normal.
 */
export function tInterval({ n, mean: centre, sd }: PairedDifference, alpha: number): readonly [number, number] {
  const half = (tQuantile(1 - alpha, n - 1) * sd) / Math.sqrt(n)
  return [centre - half, centre + half]
}

/**
 * One-sided p-value of H₀: true mean ≤ −margin ("worse by the margin or more"), by the t statistic
 * (mean + margin) / (sd/√n). All differences equal → 0 or 1. With margin 0 and the signs turned, the p-value of harm.
 */
export function nonInferiorityP({ n, mean: centre, sd }: PairedDifference, margin: number): number {
  if (sd === 0) return centre > -margin ? 0 : 1
  return tCdf(-(centre + margin) / (sd / Math.sqrt(n)), n - 1)
}
