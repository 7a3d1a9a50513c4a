import type { DeviceId } from '@panal/client-core'
import { medianOf } from '../median-of.ts'
import type { UpdateRecord } from './ports.ts'

/** An update of a round, and how far out of the others' line it is. */
export interface InspectedUpdate {
  readonly deviceId: DeviceId
  readonly weight: number
  readonly numExamples: number
  readonly norm: number
  /** See `Likeness`; null where the round was not aggregated, or before this was kept. */
  readonly cosine: number | null
  readonly distance: number | null
  readonly distanceRank: number | null
  /**
   * The largest of three: how many standard deviations the logarithm of its norm is from the round's median, its cosine below
   * and its distance above it. Standard deviations as 1.4826 times the median deviation from the median, which half of
   * the updates cannot move. Of honest updates that are normally distributed, 1 in 185 has more than 3 in one of them.
   * Null of what was not counted.
   */
  readonly suspicion: number | null
  /** `accepted`, or the code it was refused with. */
  readonly verdict: string
}

/** What is not told apart from rounding, as a part of the median: three equal updates make no fourth one an outlier. */
const leastDeviation = 0.01
const normalScale = 1.4826

/** All updates of a round, the most suspicious first; those that were refused come last. Ties by device id. */
export function inspect(records: readonly UpdateRecord[]): InspectedUpdate[] {
  const counted = records.filter(({ verdict }) => verdict === 'accepted')
  const norms = scores(
    counted.map(({ norm }) => Math.log(Math.max(norm, Number.MIN_VALUE))),
    1,
  )
  const cosines = scores(
    counted.map(({ cosine }) => cosine ?? NaN),
    1,
  )
  const distances = scores(counted.map(({ distance }) => distance ?? NaN))
  const suspicions = new Map(
    counted.map(({ deviceId }, i) => [
      deviceId,
      Math.max(0, Math.abs(norms[i]!), orZero(-cosines[i]!), orZero(distances[i]!)),
    ]),
  )
  return records
    .map(({ deviceId, weight, numExamples, norm, verdict, cosine, distance, distanceRank }) => ({
      deviceId,
      weight,
      numExamples,
      norm,
      verdict,
      cosine: cosine ?? null,
      distance: distance ?? null,
      distanceRank: distanceRank ?? null,
      suspicion: suspicions.get(deviceId) ?? null,
    }))
    .sort((a, b) => (b.suspicion ?? -1) - (a.suspicion ?? -1) || (a.deviceId < b.deviceId ? -1 : 1))
}

/**
 * Signed distances from the median in robust standard deviations; NaN of what is not known.
 * @param scale what deviations are small against; by default the median itself
 */
function scores(values: readonly number[], scale?: number): number[] {
  const known = values.filter((value) => !Number.isNaN(value))
  if (known.length === 0) return values.map(() => NaN)
  const centre = medianOf(known)
  const spread = normalScale * medianOf(known.map((value) => Math.abs(value - centre)))
  const least = Math.max(leastDeviation * (scale ?? Math.abs(centre)), Number.MIN_VALUE)
  return values.map((value) => (value - centre) / Math.max(spread, least))
}

const orZero = (value: number): number => (Number.isNaN(value) ? 0 : value)
