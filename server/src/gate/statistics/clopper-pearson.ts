import { betaQuantile } from './distributions.ts'

/**
 * One-sided exact bounds of a proportion k/n: the true share is below the first, or above the second, with probability
 * at most `alpha` each, whatever n. n = 0 → [0, 1]. Source: Clopper and Pearson 1934.
 * @throws RangeError unless 0 ≤ k ≤ n
 */
export function clopperPearson(k: number, n: number, alpha = 0.05): readonly [number, number] {
  if (!(k >= 0 && k <= n)) throw new RangeError(`clopper-pearson: ${k} of ${n}`)
  return [k === 0 ? 0 : betaQuantile(alpha, k, n - k + 1), k === n ? 1 : betaQuantile(1 - alpha, k + 1, n - k)]
}
