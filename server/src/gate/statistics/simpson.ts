import { normalCdf } from './distributions.ts'
import {
  adjustedDifference,
  aggregateDifference,
  kitagawa,
  stratumDifference,
  type Decomposition,
  type Difference,
} from './kitagawa.ts'
import { breslowDay, mantelHaenszel, type CommonOdds, type Homogeneity } from './mantel-haenszel.ts'
import { benjaminiHochberg } from './multiple-testing.ts'
import { comparable, pooled, rate, type Stratum } from './strata.ts'

/**
 * REVERSAL_STRONG: aggregate and adjusted difference have opposite signs, both significant. REVERSAL_WEAK: opposite signs,
 * one significant or none. MIX_SHIFT: the mix explains more than the rates, and the adjusted interval excludes the aggregate.
 * MASKED: the aggregate is not significantly below 0, and yet a stratum is (Benjamini–Hochberg, q = .10).
 */
export type SimpsonLabel = 'REVERSAL_STRONG' | 'REVERSAL_WEAK' | 'MIX_SHIFT' | 'MASKED'

export interface StratumReport {
  readonly name: string
  readonly difference: Difference
  /** Adjusted for the number of strata, of H₀ "not below 0"; absent where it is too small to be tested. */
  readonly harmQ?: number
}

const maskedLevel = 0.1
/** Fewest hits, and misses, that an arm of a tested stratum has by the rate of both arms: five to a cell. */
const fewestExpected = 5

export interface SimpsonReport {
  readonly aggregate: Difference
  readonly adjusted: Difference
  readonly parts: Decomposition
  /** Those with both arms, as given. */
  readonly strata: readonly StratumReport[]
  readonly common: CommonOdds | undefined
  readonly homogeneity: Homogeneity | undefined
  /** p < .01 of homogeneity: one odds ratio must not speak for all strata. */
  readonly isHeterogeneous: boolean
  /** None of them: nothing is hidden in the mix. */
  readonly labels: readonly SimpsonLabel[]
  /** Strata that one arm never saw. */
  readonly dropped: readonly string[]
}

/**
 * Does the whole say otherwise than its parts? Undefined when no stratum has both arms.
 * Sources: Simpson 1951; Kitagawa 1955; Mantel and Haenszel 1959.
 */
export function simpson(strata: readonly Stratum[], alpha = 0.05): SimpsonReport | undefined {
  const { both, dropped } = comparable(strata)
  if (both.length === 0) return undefined
  const aggregate = aggregateDifference(both, alpha)
  const adjusted = adjustedDifference(both, alpha)
  const parts = kitagawa(both)
  const homogeneity = breslowDay(both)
  const reports = reportStrata(both, alpha)
  const isHarmed = aggregate.estimate < 0 && aggregate.p < alpha
  const isMasked = !isHarmed && reports.some(({ harmQ }) => harmQ !== undefined && harmQ <= maskedLevel)
  const isOpposite = aggregate.estimate * adjusted.estimate < 0
  const bothClear = aggregate.p < alpha && adjusted.p < alpha
  const [low, high] = adjusted.interval
  const isMixed =
    Math.abs(parts.mixPart) > Math.abs(parts.ratePart) && (aggregate.estimate < low || aggregate.estimate > high)
  return {
    aggregate,
    adjusted,
    parts,
    strata: reports,
    common: mantelHaenszel(both, alpha),
    homogeneity,
    isHeterogeneous: homogeneity !== undefined && homogeneity.p < 0.01,
    labels: [
      ...(isOpposite ? [bothClear ? ('REVERSAL_STRONG' as const) : ('REVERSAL_WEAK' as const)] : []),
      ...(isMixed ? ['MIX_SHIFT' as const] : []),
      ...(isMasked ? ['MASKED' as const] : []),
    ],
    dropped,
  }
}

function reportStrata(strata: readonly Stratum[], alpha: number): StratumReport[] {
  const differences = strata.map((each) => stratumDifference(each, alpha))
  const p = differences.map(({ estimate, se }, i) =>
    isTestable(strata[i]!) && se > 0 ? normalCdf(estimate / se) : NaN,
  )
  const { adjusted } = benjaminiHochberg(p)
  return strata.map(({ name }, i) => {
    const harmQ = adjusted[i] ?? undefined
    return { name, difference: differences[i]!, ...(harmQ !== undefined && { harmQ }) }
  })
}

function isTestable({ candidate, reference }: Stratum): boolean {
  const common = rate(pooled([candidate, reference]))
  return Math.min(candidate.n, reference.n) * Math.min(common, 1 - common) >= fewestExpected
}
