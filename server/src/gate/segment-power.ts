import { countOutcomes, type Outcomes } from './compared.ts'
import type { Segment } from './segments.ts'
import type { Discordance } from './statistics/discordance.ts'
import { minimumDetectable, requiredForDiscordance } from './statistics/sample-size.ts'
import { wilsonOneSided } from './statistics/wilson.ts'

/** Fewest examples of a segment that anything is concluded from. */
const minSegment = 30

/** What the examples of one segment can show. */
export interface SegmentPower {
  readonly segment: Segment
  readonly counts: ReturnType<typeof countOutcomes>
  /** Examples with which a fall of accuracy by `detectable` would be found. */
  readonly nRequired: number
  /** The smallest fall of accuracy that its examples would show; absent without examples. */
  readonly mdd?: number
  /** Whether it may block: the others are watched, and nothing is concluded from them. */
  readonly isGating: boolean
}

/**
 * Which segments have examples enough to gate. The discordance is that of *all* examples (its upper bound), not the
 * segment's own: where a model fails in a segment its answers differ there, and that must not make the segment look too
 * small to judge.
 */
export function segmentPower(
  outcomes: Outcomes,
  segments: readonly Segment[],
  { detectable, alpha = 0.05, power = 0.8 }: { detectable: number; alpha?: number; power?: number },
): SegmentPower[] {
  const all = Int32Array.from(outcomes.right.candidate.keys())
  const psi = upperDiscordance(countOutcomes(outcomes, all), alpha)
  const nRequired = Math.max(minSegment, requiredForDiscordance({ discordance: psi, margin: detectable, alpha, power }))
  return segments.map((segment) => {
    const counts = countOutcomes(outcomes, segment.rows)
    const { n } = counts
    return {
      segment,
      counts,
      nRequired,
      ...(n > 0 && { mdd: minimumDetectable(n, psi, { alpha, power }) }),
      isGating: n >= nRequired,
    }
  })
}

/** Wilson's upper bound: where no two answers differ, some still might. */
export const upperDiscordance = ({ n, lost, won }: Discordance, alpha = 0.05): number =>
  wilsonOneSided(lost + won, n, alpha)[1]
