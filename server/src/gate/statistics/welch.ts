import { tCdf } from './distributions.ts'
import { mean, sum } from './summation.ts'

/** Of the values of one group. */
export interface Moments {
  readonly n: number
  readonly mean: number
  /** Σ(x − mean)². */
  readonly squares: number
}

/** Over `rows` or all values. @throws RangeError without values */
export function momentsOf(values: ArrayLike<number>, rows?: ArrayLike<number>): Moments {
  const picked = rows === undefined ? Float64Array.from(values) : Float64Array.from(rows, (row) => values[row]!)
  const centre = mean(picked)
  return { n: picked.length, mean: centre, squares: sum(picked.map((each) => (each - centre) ** 2)) }
}

export interface WelchTest {
  readonly t: number
  /** Welch and Satterthwaite's degrees of freedom. */
  readonly df: number
  /** One-sided, of H₀ "the first group's mean is not higher". */
  readonly p: number
}

/**
 * Is the mean of one group higher than that of another, whatever their spreads? Undefined with fewer than two values in
 * either, or without any spread. Source: Welch 1947.
 */
export function welch(a: Moments, b: Moments): WelchTest | undefined {
  if (a.n < 2 || b.n < 2) return undefined
  const [va, vb] = [a.squares / (a.n - 1) / a.n, b.squares / (b.n - 1) / b.n]
  if (!(va + vb > 0)) return undefined
  const t = (a.mean - b.mean) / Math.sqrt(va + vb)
  const df = (va + vb) ** 2 / (va ** 2 / (a.n - 1) + vb ** 2 / (b.n - 1))
  return { t, df, p: tCdf(-t, df) }
}

/**
 * Slice Finder's φ = √2 (ψ_S − ψ_S') / √(σ²_S + σ²_S'), variances with n in the denominator: how far a slice's mean loss is
 * from its complement's, in standard deviations (.2 small, .5 medium, .8 large). Undefined without any spread.
 * Source: Chung et al. 2019, arXiv:1807.06068
 */
export function effectSize(slice: Moments, complement: Moments): number | undefined {
  const spread = slice.squares / slice.n + complement.squares / complement.n
  return spread > 0 ? (Math.SQRT2 * (slice.mean - complement.mean)) / Math.sqrt(spread) : undefined
}
