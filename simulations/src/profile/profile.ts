import type { EpochMs, Rng } from '@panal/client-core'

/** How fast devices train. */
export interface Speed {
  readonly name: string
  /** Of one device, over 0. */
  examplesPerSecond(rng: Rng): number
}

/** What devices' connections take. */
export interface Bandwidth {
  readonly name: string
  /** Of one device, both over 0. */
  bytesPerSecond(rng: Rng): { readonly down: number; readonly up: number }
}

/** A part of each day, by the clock of UTC; it may go on past midnight. */
export interface DailyWindow {
  /** Since midnight: 0 to a day. */
  readonly startMs: number
  readonly lengthMs: number
}

/** When devices may be asked. */
export interface Availability {
  readonly name: string
  /** Of one device; null: at any time. */
  window(rng: Rng): DailyWindow | null
}

/** How devices get lost in the middle of their work: closed pages, dead spots, somebody who needs the phone. */
export interface Dropout {
  readonly name: string
  /** After what share of this round's work, 0 to 1; null: not. */
  lostAfter(rng: Rng): number | null
}

/** What one device's battery allows. */
export interface DeviceBattery {
  /** Whether there is enough in it to begin. */
  allows(at: EpochMs): boolean
  /** How long the device could train from then on until it is empty; Infinity on a charger. */
  lastsMs(at: EpochMs): number
}

export interface Battery {
  readonly name: string
  /** Of one device; null: it does not matter. */
  open(rng: Rng): DeviceBattery | null
}

export const dayMs = 86_400_000
export const hourMs = 3_600_000

/** How far into `window` a moment is, ms; undefined outside it. */
export function within({ startMs, lengthMs }: DailyWindow, at: EpochMs): number | undefined {
  const intoDay = (((at - startMs) % dayMs) + dayMs) % dayMs
  return intoDay < lengthMs ? intoDay : undefined
}
