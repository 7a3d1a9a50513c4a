import { adjustedDifference, aggregateDifference, kitagawa, type Decomposition, type Difference } from './kitagawa.ts'
import { breslowDay, mantelHaenszel, type CommonOdds, type Homogeneity } from './mantel-haenszel.ts'
import { comparable, type Stratum } from './strata.ts'

/**
 * REVERSAL_STRONG: aggregate and adjusted difference have opposite signs, both significant. REVERSAL_WEAK: opposite signs,
 * one significant or none. MIX_SHIFT: the mix explains more than the rates, and the adjusted interval excludes the aggregate.
 */
export type SimpsonLabel = 'REVERSAL_STRONG' | 'REVERSAL_WEAK' | 'MIX_SHIFT'

export interface SimpsonReport {
  readonly aggregate: Difference
  readonly adjusted: Difference
  readonly parts: Decomposition
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
  const isOpposite = aggregate.estimate * adjusted.estimate < 0
  const bothClear = aggregate.p < alpha && adjusted.p < alpha
  const [low, high] = adjusted.interval
  const isMixed =
    Math.abs(parts.mixPart) > Math.abs(parts.ratePart) && (aggregate.estimate < low || aggregate.estimate > high)
  return {
    aggregate,
    adjusted,
    parts,
    common: mantelHaenszel(both, alpha),
    homogeneity,
    isHeterogeneous: homogeneity !== undefined && homogeneity.p < 0.01,
    labels: [
      ...(isOpposite ? [bothClear ? ('REVERSAL_STRONG' as const) : ('REVERSAL_WEAK' as const)] : []),
      ...(isMixed ? ['MIX_SHIFT' as const] : []),
    ],
    dropped,
  }
}
