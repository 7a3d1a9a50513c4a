import type { Discordance } from './discordance.ts'
import { normalCdf, normalQuantile } from './distributions.ts'

/**
 * Score statistic of H₀ "the difference of accuracies is δ₀", with its variance estimated under H₀: defined also where
 * Wald's collapses (no discordance). δ₀ in (−1, 1). Standard normal under H₀. Source: Tango 1998.
 */
export function tangoZ({ n, lost, won }: Discordance, delta0: number): number {
  if (!(n > 0)) throw new RangeError('tango: no examples')
  const a = 2 * n
  const b = -(lost + won) + (2 * n - won + lost) * delta0
  const c = -lost * delta0 * (1 - delta0)
  const q = (Math.sqrt(Math.max(0, b * b - 4 * a * c)) - b) / (2 * a)
  const variance = n * (2 * q + delta0 * (1 - delta0))
  const surplus = won - lost - n * delta0
  // At the ends of the range the variance is 0: the data then either fit δ₀ exactly or cannot come from it.
  return variance > 0 ? surplus / Math.sqrt(variance) : surplus === 0 ? 0 : Math.sign(surplus) * Infinity
}

const steps = 60

/** δ₀ with tangoZ = z, by bisection: tangoZ falls from +∞ to −∞ as δ₀ goes from −1 to 1. Exact to 2⁻⁵⁹. */
function solve(counts: Discordance, z: number): number {
  let [low, high] = [-1, 1]
  for (let i = 0; i < steps; i++) {
    const middle = (low + high) / 2
    if (tangoZ(counts, middle) > z) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** Each end is a one-sided bound of the difference at `alpha`; both together an interval at level 1 − 2·alpha. */
export function tangoInterval(counts: Discordance, alpha = 0.05): readonly [number, number] {
  const z = normalQuantile(1 - alpha)
  return [solve(counts, z), solve(counts, -z)]
}

/** One-sided p-value of H₀ "the candidate is worse by the margin or more". */
export const tangoNonInferiorityP = (counts: Discordance, margin: number): number => normalCdf(-tangoZ(counts, -margin))
