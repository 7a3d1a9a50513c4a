import { makeRng, type EpochMs, type Rng } from '@panal/client-core'
import { makePolicy } from '@panal/server'
import { availabilities } from './availability/registry.ts'
import { bandwidths } from './bandwidth/registry.ts'
import { batteries } from './battery/registry.ts'
import { dropouts } from './dropout/registry.ts'
import { within, type DailyWindow, type DeviceBattery } from './profile.ts'
import type { ProfileSpec } from './spec.ts'
import { speeds } from './speed/registry.ts'

/** What a device has to carry and to do in one round. */
export interface Load {
  readonly bytesDown: number
  readonly bytesUp: number
  /** Examples that it trains on, each epoch counted. */
  readonly numExamples: number
}

/** How one device's round goes. */
export type Trip =
  | { readonly end: 'reports'; readonly at: EpochMs; readonly trainMs: number }
  | { readonly end: 'lost'; readonly at: EpochMs }

interface Traits {
  readonly examplesPerSecond: number
  readonly down: number
  readonly up: number
  readonly window: DailyWindow | null
  readonly battery: DeviceBattery | null
}

/**
 * The devices of a simulated fleet, as far as time goes. What a device is like is drawn when it is first asked for, from
 * the seed and its number alone, and remembered.
 */
export class SimulatedDevices {
  readonly #rng: Rng
  readonly #traits: (Traits | undefined)[] = []
  readonly #parts

  constructor(
    spec: ProfileSpec,
    readonly numDevices: number,
    seed: number,
  ) {
    this.#rng = makeRng(seed).fork('profile')
    this.#parts = {
      speed: makePolicy(speeds, spec.speed),
      bandwidth: makePolicy(bandwidths, spec.bandwidth),
      availability: makePolicy(availabilities, spec.availability),
      dropout: makePolicy(dropouts, spec.dropout),
      battery: makePolicy(batteries, spec.battery),
    }
    this.alwaysAvailable = spec.availability.name === 'always' && spec.battery.name === 'mains'
  }

  /** No device needs to be looked at. */
  readonly alwaysAvailable: boolean

  isAvailable(device: number, at: EpochMs): boolean {
    if (this.alwaysAvailable) return true
    const { window, battery } = this.#traitsOf(device)
    return (window === null || within(window, at) !== undefined) && battery?.allows(at) !== false
  }

  /** Down, train, up: unless its window closes, its battery ends or it gets lost before. Whole milliseconds. */
  trip(device: number, roundNumber: number, startAt: EpochMs, { bytesDown, bytesUp, numExamples }: Load): Trip {
    const { examplesPerSecond, down, up, window, battery } = this.#traitsOf(device)
    const trainMs = Math.ceil((1000 * numExamples) / examplesPerSecond)
    const wholeMs = Math.ceil((1000 * bytesDown) / down) + trainMs + Math.ceil((1000 * bytesUp) / up)
    const lost = this.#parts.dropout.lostAfter(this.#rng.fork(`device/${device}/round/${roundNumber}`))
    const lastsMs = Math.min(
      lost === null ? Infinity : lost * wholeMs,
      window === null ? Infinity : window.lengthMs - (within(window, startAt) ?? 0),
      battery?.lastsMs(startAt) ?? Infinity,
    )
    return lastsMs < wholeMs
      ? { end: 'lost', at: startAt + Math.floor(lastsMs) }
      : { end: 'reports', at: startAt + wholeMs, trainMs }
  }

  #traitsOf(device: number): Traits {
    const known = this.#traits[device]
    if (known !== undefined) return known
    const rng = this.#rng.fork(`device/${device}`)
    const { speed, bandwidth, availability, battery } = this.#parts
    const traits = {
      examplesPerSecond: speed.examplesPerSecond(rng.fork('speed')),
      ...bandwidth.bytesPerSecond(rng.fork('bandwidth')),
      window: availability.window(rng.fork('availability')),
      battery: battery.open(rng.fork('battery')),
    }
    this.#traits[device] = traits
    return traits
  }
}
