import type { Discordance } from './discordance.ts'
import { binomialCdf } from './distributions.ts'

/** P(X ≤ k) of X ~ Binomial(n, ½). */
const below = (k: number, n: number): number => (k < 0 ? 0 : binomialCdf(k, n, 0.5))

/**
 * Two-sided exact test that two models are right equally often, from the examples on which exactly one is.
 * No such example → 1. Source: McNemar 1947, binomial form.
 */
export function mcnemarExact({ lost, won }: Pick<Discordance, 'lost' | 'won'>): number {
  const n = lost + won
  return n === 0 ? 1 : Math.min(1, 2 * below(Math.min(lost, won), n))
}

/** The same with half of the observed point's probability: nearer to its level. Source: Fagerland et al. 2013. */
export function mcnemarMidP({ lost, won }: Pick<Discordance, 'lost' | 'won'>): number {
  const n = lost + won
  const least = Math.min(lost, won)
  return n === 0 ? 1 : Math.min(1, below(least, n) + below(least - 1, n))
}

/** One-sided mid-p of H₀ "the candidate is not worse": small when it lost more than it won. No discordance → 1. */
export function mcnemarHarmP({ lost, won }: Pick<Discordance, 'lost' | 'won'>): number {
  const n = lost + won
  return n === 0 ? 1 : (below(won, n) + below(won - 1, n)) / 2
}
