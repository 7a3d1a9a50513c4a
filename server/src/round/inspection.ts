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
   * the updates cannot move, times `smallRound`. Of honest updates that are normally distributed, about 1 in 185 has
   * more than 3 in one of them, however many the round has.
   * Null of what was not counted, and where fewer than `fewestTold` were.
   */
  readonly suspicion: number | null
  /** `accepted`, or the code it was refused with. */
  readonly verdict: string
}

/** What is not told apart from rounding, as a part of the median: three equal updates make no fourth one an outlier. */
const leastDeviation = 0.01
const normalScale = 1.4826
/** Of three, one that is a hundred times as long as the others would be over 3 in 13 of 100 rounds; of four, in 98. */
const fewestTold = 4

/**
 * By how much few values exceed what many would: their median, and the deviation from it, are uncertain themselves.
 * Fitted to simulated rounds of honest updates: what 1 in 185 exceeds is 3 for many updates, 3.4 for 50, 5.7 for 10 and
 * 15.4 for 4. Within 4.1 % of that from 4 to 1,000 updates, so that 1 in 170 to 1 in 200 is over 3 after it.
 */
const smallRound = (numValues: number): number => Math.exp(6.4 / (numValues - (numValues % 2 === 0 ? 0 : 1.3)))

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
  const told = counted.length < fewestTold ? [] : counted
  const suspicions = new Map(
    told.map(({ deviceId }, i) => [
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
    .sort((a, b) => place(b) - place(a) || (a.deviceId < b.deviceId ? -1 : 1))
}

/** The higher, the earlier. */
const place = ({ suspicion, verdict }: InspectedUpdate): number => suspicion ?? (verdict === 'accepted' ? 0 : -1)

/**
 * Signed distances from the median in robust standard deviations; NaN of what is not known, or known of too few.
 * @param scale what deviations are small against; by default the median itself
 */
function scores(values: readonly number[], scale?: number): number[] {
  const known = values.filter((value) => !Number.isNaN(value))
  if (known.length < fewestTold) return values.map(() => NaN)
  const centre = medianOf(known)
  const spread = normalScale * medianOf(known.map((value) => Math.abs(value - centre)))
  const least = Math.max(leastDeviation * (scale ?? Math.abs(centre)), Number.MIN_VALUE)
  const one = smallRound(known.length) * Math.max(spread, least)
  return values.map((value) => (value - centre) / one)
}

const orZero = (value: number): number => (Number.isNaN(value) ? 0 : value)
