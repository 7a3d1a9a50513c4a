import { chiSquareTail, normalQuantile } from './distributions.ts'
import type { Stratum } from './strata.ts'
import { sum } from './summation.ts'

export interface CommonOdds {
  /** Odds of a hit in the candidate's arm over those in the reference's, common to all strata. */
  readonly oddsRatio: number
  /** Robins–Breslow–Greenland, at level 1 − alpha. */
  readonly interval: readonly [number, number]
  /** Cochran–Mantel–Haenszel χ² of "no association in any stratum", 1 degree of freedom, no continuity correction. */
  readonly cmh: number
  readonly p: number
  /**
   * Too few examples for that χ²: the hits expected of the candidate, over all strata, are within 5 of the fewest or the
   * most that the margins allow. Source: Mantel and Fleiss 1980.
   */
  readonly isSparse: boolean
}

/** A stratum as a 2 × 2 table: hits and misses of the candidate (a, b) and of the reference (c, d). */
const cells = ({ candidate, reference }: Stratum) => ({
  a: candidate.hits,
  b: candidate.n - candidate.hits,
  c: reference.hits,
  d: reference.n - reference.hits,
  n: candidate.n + reference.n,
})
type Cells = ReturnType<typeof cells>

/**
 * One odds ratio over all strata. Undefined where it is 0/0 or infinite: no stratum has both a hit and a miss to compare.
 * Sources: Mantel and Haenszel 1959; Robins, Breslow and Greenland 1986.
 */
export function mantelHaenszel(strata: readonly Stratum[], alpha = 0.05): CommonOdds | undefined {
  const tables = strata.map(cells)
  const over = (part: (cells: Cells) => number) => sum(tables.map(part))
  const r = over(({ a, d, n }) => (a * d) / n)
  const s = over(({ b, c, n }) => (b * c) / n)
  if (!(r > 0) || !(s > 0)) return undefined
  const variance =
    over(({ a, d, n }) => ((a + d) * a * d) / (n * n)) / (2 * r * r) +
    over(({ a, b, c, d, n }) => ((a + d) * b * c + (b + c) * a * d) / (n * n)) / (2 * r * s) +
    over(({ b, c, n }) => ((b + c) * b * c) / (n * n)) / (2 * s * s)
  const half = normalQuantile(1 - alpha / 2) * Math.sqrt(variance)
  const logOdds = Math.log(r / s)
  const surplus = over(({ a, b, c, n }) => a - ((a + b) * (a + c)) / n)
  const spread = over(({ a, b, c, d, n }) => ((a + b) * (c + d) * (a + c) * (b + d)) / (n * n * (n - 1)))
  const cmh = (surplus * surplus) / spread
  const expected = over(({ a, b, c, n }) => ((a + b) * (a + c)) / n)
  const fewest = over(({ a, d }) => Math.max(0, a - d))
  const most = over(({ a, b, c }) => Math.min(a + b, a + c))
  return {
    oddsRatio: r / s,
    interval: [Math.exp(logOdds - half), Math.exp(logOdds + half)],
    cmh,
    p: chiSquareTail(cmh, 1),
    isSparse: Math.min(expected - fewest, most - expected) < 5,
  }
}

export interface Homogeneity {
  readonly statistic: number
  readonly df: number
  /** Small: the strata do not share one odds ratio, so none should speak for them all. */
  readonly p: number
}

/**
 * Do the strata share the Mantel–Haenszel odds ratio? χ² with strata − 1 degrees of freedom, Tarone's correction optional.
 * Strata without a hit, a miss or an arm say nothing and are left out; undefined with fewer than two others.
 * Sources: Breslow and Day 1980; Tarone 1985.
 */
export function breslowDay(strata: readonly Stratum[], { tarone = false } = {}): Homogeneity | undefined {
  const common = mantelHaenszel(strata)
  if (common === undefined) return undefined
  const told = strata.map(cells).filter(({ a, b, c, d }) => a + c > 0 && b + d > 0 && a + b > 0 && c + d > 0)
  if (told.length < 2) return undefined
  const fitted = told.map((table) => ({ table, ...expectedHits(table, common.oddsRatio) }))
  const plain = sum(fitted.map(({ table, hits, variance }) => (table.a - hits) ** 2 / variance))
  const surplus = sum(fitted.map(({ table, hits }) => table.a - hits))
  const correction = tarone ? surplus ** 2 / sum(fitted.map(({ variance }) => variance)) : 0
  const df = told.length - 1
  return { statistic: plain - correction, df, p: chiSquareTail(plain - correction, df) }
}

/** Hits of the candidate's arm that would give this odds ratio with the table's margins, and their variance. */
function expectedHits({ a, b, c, d }: Cells, oddsRatio: number): { hits: number; variance: number } {
  const [arm, otherArm, hitsOfBoth] = [a + b, c + d, a + c]
  const least = Math.max(0, hitsOfBoth - otherArm)
  const most = Math.min(arm, hitsOfBoth)
  let [low, high] = [least, most]
  // The odds ratio of the table grows with its first cell: bisection is exact enough after 200 halvings.
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2
    if (middle * (otherArm - hitsOfBoth + middle) < oddsRatio * (arm - middle) * (hitsOfBoth - middle)) low = middle
    else high = middle
  }
  const hits = (low + high) / 2
  const parts = [hits, arm - hits, hitsOfBoth - hits, otherArm - hitsOfBoth + hits]
  return { hits, variance: 1 / sum(parts.map((part) => 1 / part)) }
}
