import type { Stratum } from './strata.ts'

/** Fewest examples of a stratum to be expected in an arm; smaller ones are counted together. */
const fewestExpected = 5

/** How surely two arms have their examples in other strata. */
export interface MixDifference {
  /** Pearson's χ² of homogeneity. */
  readonly statistic: number
  readonly df: number
  /** (χ² − df) / √(2 df): about 0 where the mix is the same, and comparable between partings of any number of strata. */
  readonly excess: number
}

/** Looks at where examples are, and not at what was answered. One stratum only: no difference. Source: Pearson 1911. */
export function mixDifference(strata: readonly Stratum[]): MixDifference {
  const counts = strata.map(({ candidate, reference }) => [candidate.n, reference.n] as const)
  const total = (cells: typeof counts, arm: 0 | 1) => cells.reduce((sum, cell) => sum + cell[arm], 0)
  const [n, m] = [total(counts, 0), total(counts, 1)]
  if (n === 0 || m === 0) return { statistic: 0, df: 0, excess: 0 }
  const isLarge = ([a, b]: (typeof counts)[number]) => ((a + b) * Math.min(n, m)) / (n + m) >= fewestExpected
  const small = counts.filter((cell) => !isLarge(cell))
  const rest = [total(small, 0), total(small, 1)] as const
  const cells = [...counts.filter(isLarge), ...(rest[0] + rest[1] > 0 ? [rest] : [])]
  const df = cells.length - 1
  if (df === 0) return { statistic: 0, df, excess: 0 }
  const statistic = cells.reduce((sum, [a, b]) => sum + (a * Math.sqrt(m / n) - b * Math.sqrt(n / m)) ** 2 / (a + b), 0)
  return { statistic, df, excess: (statistic - df) / Math.sqrt(2 * df) }
}
