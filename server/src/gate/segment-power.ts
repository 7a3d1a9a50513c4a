import { changesIn, countOutcomes, type Outcomes } from './compared.ts'
import type { Segment } from './segments.ts'
import { effectiveSample, likenessOf, meanClusterSize } from './statistics/clusters.ts'
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

export interface PowerSettings {
  readonly detectable: number
  /** Default 0.05. */
  readonly q?: number
  /** [numExamples] whose example each is. */
  readonly clusters?: ArrayLike<number> | undefined
}

/**
 * Which segments have examples enough. A fall of accuracy by `detectable` is to be found with a chance of .9, at the level
 * that Benjamini and Hochberg's correction leaves where it is the only harm: q / (2 · segments that are tested). The
 * discordance of equal models is that of *all* examples (its upper bound), not the segment's own: where a model fails in a
 * segment its answers differ there, and that must not make the segment look too small to judge. Where examples come in
 * clusters, a segment's are worth n / (1 + (cluster size there − 1) · likeness) independent ones, with the likeness of the
 * answers that differ over *all* examples.
 */
export function segmentPower(
  outcomes: Outcomes,
  segments: readonly Segment[],
  { detectable, q = 0.05, clusters }: PowerSettings,
): SegmentPower[] {
  const all = Int32Array.from(outcomes.right.candidate.keys())
  const numTested = segments.filter(({ rows }) => rows.length >= minSegment).length
  const effectIn = designEffects(outcomes, clusters)
  const counted = countOutcomes(outcomes, all)
  const wanted = {
    discordance: upperDiscordance(worthOf(counted, effectIn(all))),
    alpha: q / Math.max(1, testsPerSegment * numTested),
    power: segmentPowerWanted,
  }
  const independent = requiredForFall(detectable, wanted)
  return segments.map((segment) => {
    const counts = countOutcomes(outcomes, segment.rows)
    const { n } = counts
    const effect = effectIn(segment.rows)
    const nRequired = Math.max(minSegment, Math.ceil(independent * effect))
    return {
      segment,
      counts,
      nRequired,
      ...(n > 0 && { mdd: detectableFall(n / effect, wanted) }),
      isTested: n >= minSegment,
      isGating: n >= nRequired,
    }
  })
}

/** How many examples of these rows tell as much as one independent one does; 1 where none come in clusters. */
function designEffects(outcomes: Outcomes, clusters: ArrayLike<number> | undefined): (rows: Int32Array) => number {
  const all = Int32Array.from(outcomes.right.candidate.keys())
  if (clusters === undefined || all.length === 0) return () => 1
  const whole = effectiveSample(changesIn(outcomes, all), clusters)
  const likeness = likenessOf(whole, meanClusterSize(clusters))
  return (rows) => {
    const size = meanClusterSize(Int32Array.from(rows, (row) => clusters[row]!))
    return Math.max(1, 1 + (size - 1) * likeness)
  }
}

/** Counts of as many independent examples as these are worth. */
export const worthOf = ({ n, lost, won }: Discordance, designEffect: number): Discordance => ({
  n: n / designEffect,
  lost: lost / designEffect,
  won: won / designEffect,
})

/** Wilson's upper bound: where no two answers differ, some still might. */
export const upperDiscordance = ({ n, lost, won }: Discordance, alpha = 0.05): number =>
  wilsonOneSided(lost + won, n, alpha)[1]
