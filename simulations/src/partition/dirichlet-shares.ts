import type { Rng } from '@panal/client-core'

/**
 * One draw of a Dirichlet distribution: shares that sum to 1. Normalised Gamma(alpha) draws, in logarithms, so that a tiny
 * alpha does not underflow to 0/0.
 * @param alphas each over 0
 */
export function dirichletShares(alphas: readonly number[], rng: Rng): number[] {
  const logs = alphas.map((alpha) => logGamma(alpha, rng))
  const largest = logs.reduce((most, log) => Math.max(most, log), -Infinity)
  const weights = logs.map((log) => Math.exp(log - largest))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}

/** The logarithm of a Gamma(shape, 1) draw. Source: Marsaglia and Tsang 2000, with their boost for shape < 1. */
function logGamma(shape: number, rng: Rng): number {
  if (shape < 1) return logGamma(shape + 1, rng) + Math.log(1 - rng.uniform()) / shape
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = rng.normal()
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - rng.uniform()) < (x * x) / 2 + d - d * v + d * Math.log(v)) return Math.log(d * v)
  }
}
