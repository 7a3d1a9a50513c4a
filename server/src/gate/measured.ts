import type { CheckRow } from '@panal/client-core'
import { readInterval, type Comparison } from './general-rule.ts'
import type { Bootstrap } from './statistics/bootstrap.ts'
import { requiredSampleSize } from './statistics/sample-size.ts'

/** Fewest examples for a WARN, whatever the spread: a handful that happen to agree have none. */
export const minForWarn = 30
/** A share of a smaller loss than this (mean confidence 99.9 %) would be no margin at all. */
export const smallestReferenceLoss = 1e-3
/** Fewest examples of either class for DeLong's variance to mean anything. */
export const minOfEachClass = 10

/** A difference of one metric as it was measured, ready for the general rule and for a row. */
export interface Measured {
  readonly comparison: Comparison
  /** Of the two models, in the metric's own terms. */
  readonly candidate: number
  readonly reference: number
  /** One-sided p of H₀ "not worse": small where the candidate surely is. */
  readonly harmP: number
  /** One-sided p of H₀ "not better". */
  readonly gainP: number
  /** The row's numbers; p is that of H₀ "worse by the margin or more". */
  readonly numbers: Pick<
    CheckRow,
    'estimate' | 'interval' | 'level' | 'n' | 'nRequired' | 'discordance' | 'test' | 'p' | 'margin'
  >
  /** What else a reader should know. */
  readonly note?: string
}

/** Why the metric's difference has no value here. */
export interface Unmeasured {
  readonly n: number
  readonly because: string
}

export interface DifferenceOptions {
  readonly margin: number
  readonly alpha: number
  /** Of sign flips and bootstrap; name what is compared in it. */
  readonly seed: string
  /** Whose example each is: these are then drawn whole. */
  readonly clusters?: ArrayLike<number> | undefined
}

/**
 * A difference by bootstrap.
 * @param of.unit what is drawn: a bootstrap without spread, or with fewer than two of them, proves nothing
 */
export function fromBootstrap(
  found: Bootstrap | undefined,
  means: { readonly candidate: number; readonly reference: number },
  { n, margin, alpha, unit }: { n: number; margin: number; alpha: number; unit: string },
): Measured | Unmeasured {
  if (found === undefined) return { n, because: `there are too few ${unit} to draw from` }
  if (found.isDegenerate)
    return { n, because: `every draw of ${unit} gives the same, so nothing tells how far off it is` }
  const { estimate, interval, se } = found
  const nRequired = Math.max(minForWarn, requiredSampleSize({ sd: se * Math.sqrt(n), margin, alpha }))
  return {
    ...means,
    comparison: { estimate, margin, ...readInterval(interval, margin), n, nRequired },
    harmP: found.pAtLeast(0),
    gainP: found.pAtMost(0),
    numbers: {
      estimate,
      interval,
      level: 1 - 2 * alpha,
      n,
      nRequired,
      test: `${found.method} bootstrap of ${unit}`,
      p: found.pAtMost(-margin),
      margin,
    },
  }
}
