import { normalCdf, normalQuantile } from './distributions.ts'
import { pooled, rate, type Stratum } from './strata.ts'
import { sum } from './summation.ts'

/** Why two rates differ: because rates within strata do, or because the strata are mixed otherwise. */
export interface Decomposition {
  /** Of the pooled rates, candidate − reference; rate part + mix part, exactly but for rounding. */
  readonly aggregate: number
  readonly ratePart: number
  readonly mixPart: number
}

/** Σ ½(w_s + v_s)(a_s − r_s) and Σ ½(a_s + r_s)(w_s − v_s). Every stratum needs both arms. Source: Kitagawa 1955. */
export function kitagawa(strata: readonly Stratum[]): Decomposition {
  const candidate = pooled(strata.map((each) => each.candidate))
  const reference = pooled(strata.map((each) => each.reference))
  const parts = strata.map((each) => {
    const [a, r] = [rate(each.candidate), rate(each.reference)]
    const [w, v] = [each.candidate.n / candidate.n, each.reference.n / reference.n]
    return { rate: ((w + v) / 2) * (a - r), mix: ((a + r) / 2) * (w - v) }
  })
  return {
    aggregate: rate(candidate) - rate(reference),
    ratePart: sum(parts.map((part) => part.rate)),
    mixPart: sum(parts.map((part) => part.mix)),
  }
}

export interface Difference {
  readonly estimate: number
  readonly se: number
  /** At level 1 − alpha. */
  readonly interval: readonly [number, number]
  /** Two-sided, of no difference. */
  readonly p: number
}

export function differenceWith(estimate: number, se: number, alpha: number): Difference {
  const half = normalQuantile(1 - alpha / 2) * se
  const p = se === 0 ? (estimate === 0 ? 1 : 0) : 2 * normalCdf(-Math.abs(estimate) / se)
  return { estimate, se, interval: [estimate - half, estimate + half], p }
}

const armVariance = ({ n, hits }: Stratum['candidate']): number => ((hits / n) * (1 - hits / n)) / n

/** Of the pooled rates: what a reader of totals sees. */
export function aggregateDifference(strata: readonly Stratum[], alpha = 0.05): Difference {
  const candidate = pooled(strata.map((each) => each.candidate))
  const reference = pooled(strata.map((each) => each.reference))
  return stratumDifference({ name: 'all', candidate, reference }, alpha)
}

/** Of one stratum: a_s − r_s. */
export function stratumDifference({ candidate, reference }: Stratum, alpha = 0.05): Difference {
  const se = Math.sqrt(armVariance(candidate) + armVariance(reference))
  return differenceWith(rate(candidate) - rate(reference), se, alpha)
}

/**
 * Direct standardisation: Σ ω_s (a_s − r_s) with ω_s the stratum's share of both arms together, so that the mix is the same
 * on both sides. Var = Σ ω_s² (a_s(1−a_s)/n_s + r_s(1−r_s)/n'_s).
 */
export function adjustedDifference(strata: readonly Stratum[], alpha = 0.05): Difference {
  const all = sum(strata.map(({ candidate, reference }) => candidate.n + reference.n))
  const share = ({ candidate, reference }: Stratum) => (candidate.n + reference.n) / all
  const estimate = sum(strata.map((each) => share(each) * (rate(each.candidate) - rate(each.reference))))
  const variance = sum(
    strata.map((each) => share(each) ** 2 * (armVariance(each.candidate) + armVariance(each.reference))),
  )
  return differenceWith(estimate, Math.sqrt(variance), alpha)
}
