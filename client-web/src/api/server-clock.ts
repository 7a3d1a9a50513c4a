import type { EpochMs } from '@panal/client-core'
import { clock } from '../clock.ts'

/** One answer of the server: its `Date`, in whole seconds, and when this device asked and heard. */
export interface DatedAnswer {
  readonly date: EpochMs
  readonly sentAt: EpochMs
  readonly receivedAt: EpochMs
}

/**
 * How far the server's clock is ahead of this one, in ms, after one more answer. The server wrote `date` between
 * asking and hearing, up to a second into it: what is believed moves only as far as that proves it wrong.
 */
export const learnOffset = (believedMs: number, { date, sentAt, receivedAt }: DatedAnswer): number =>
  Math.min(Math.max(believedMs, date - receivedAt), date + 1000 - sentAt)

let offsetMs = 0

/** The server's time as its answers tell it: this device's own until they prove that wrong. */
export const serverNow = (): EpochMs => clock.now() + offsetMs

/** Looks at an answer's `Date`. An answer without one says nothing. */
export function noteDate(header: string | null, sentAt: EpochMs): void {
  const date = Date.parse(header ?? '')
  if (!Number.isNaN(date)) offsetMs = learnOffset(offsetMs, { date, sentAt, receivedAt: clock.now() })
}
