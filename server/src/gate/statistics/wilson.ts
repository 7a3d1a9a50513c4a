import { normalQuantile } from './distributions.ts'

/**
 * Wilson's score interval of a proportion k/n:
 * (p̂ + z²/2n ± z √(p̂(1−p̂)/n + z²/4n²)) / (1 + z²/n), kept inside [0, 1]. n = 0 → [0, 1]: nothing is known.
 * Source: Wilson 1927; recommended over Wald by Brown, Cai and DasGupta 2001.
 */
function wilson(successes: number, n: number, z: number): readonly [number, number] {
  if (!(successes >= 0 && successes <= n)) throw new RangeError(`wilson: ${successes} of ${n}`)
  if (n === 0) return [0, 1]
  const share = successes / n
  const centre = share + (z * z) / (2 * n)
  const half = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n))
  const scale = 1 + (z * z) / n
  // The formula gives 0 and 1 exactly here, but for rounding.
  const lower = successes === 0 ? 0 : Math.max(0, (centre - half) / scale)
  const upper = successes === n ? 1 : Math.min(1, (centre + half) / scale)
  return [lower, upper]
}

/** Two-sided interval that covers the true share with probability 1 − `alpha`. */
export const wilsonTwoSided = (successes: number, n: number, alpha = 0.05): readonly [number, number] =>
  wilson(successes, n, normalQuantile(1 - alpha / 2))

/** Two one-sided bounds: the true share is below the first, or above the second, with probability `alpha` each. */
export const wilsonOneSided = (successes: number, n: number, alpha = 0.05): readonly [number, number] =>
  wilson(successes, n, normalQuantile(1 - alpha))
