import { countOutcomes, type Outcomes } from './compared.ts'
import type { Segment } from './segments.ts'
import type { Discordance } from './statistics/discordance.ts'
import { detectableFall, requiredForFall } from './statistics/sample-size.ts'
import { wilsonOneSided } from './statistics/wilson.ts'

/** Fewest examples of a segment that are tested at all. */
export const minSegment = 30
/** Chance that a gating segment shows the fall that it is to show. */
const segmentPowerWanted = 0.9
/** Each tested segment is tested by its answers and by its losses. */
const testsPerSegment = 2

/** What the examples of one segment can show. */
export interface SegmentPower {
  readonly segment: Segment
  readonly counts: ReturnType<typeof countOutcomes>
  /** Examples with which a fall of accuracy by `detectable` would be found. */
  readonly nRequired: number
  /** The smallest fall of accuracy that its examples would show; absent without examples. */
  readonly mdd?: number
  /** Whether harm in it is tested for: it has 30 examples or more. */
  readonly isTested: boolean
  /** Whether it would surely be found: such a segment passes where nothing is. */
  readonly isGating: boolean
}

/**
 * Which segments have examples enough. A fall of accuracy by `detectable` is to be found with a chance of .9, at the level
 * that Benjamini and Hochberg's correction leaves where it is the only harm: q / (2 · segments that are tested). The
 * discordance of equal models is that of *all* examples (its upper bound), not the segment's own: where a model fails in a
 * segment its answers differ there, and that must not make the segment look too small to judge.
 */
export function segmentPower(
  outcomes: Outcomes,
  segments: readonly Segment[],
  { detectable, q = 0.05 }: { readonly detectable: number; readonly q?: number },
): SegmentPower[] {
  const all = Int32Array.from(outcomes.right.candidate.keys())
  const numTested = segments.filter(({ rows }) => rows.length >= minSegment).length
  const wanted = {
    discordance: upperDiscordance(countOutcomes(outcomes, all)),
    alpha: q / Math.max(1, testsPerSegment * numTested),
    power: segmentPowerWanted,
  }
  const nRequired = Math.max(minSegment, requiredForFall(detectable, wanted))
  return segments.map((segment) => {
    const counts = countOutcomes(outcomes, segment.rows)
    const { n } = counts
    return {
      segment,
      counts,
      nRequired,
      ...(n > 0 && { mdd: detectableFall(n, wanted) }),
      isTested: n >= minSegment,
      isGating: n >= nRequired,
    }
  })
}

/** Wilson's upper bound: where no two answers differ, some still might. */
export const upperDiscordance = ({ n, lost, won }: Discordance, alpha = 0.05): number =>
  wilsonOneSided(lost + won, n, alpha)[1]
