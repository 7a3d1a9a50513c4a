import type { Params, RejectCode, Rng, Verdict, DeviceId } from '@panal/client-core'
import type { UpdateSum } from '../aggregate/exact-sum.ts'

/** A device that may be asked now. */
export interface AvailableDevice {
  readonly deviceId: DeviceId
  /** Number of the last round this device was asked in; 0 if never. */
  readonly lastRound: number
}

export interface ClientSampler {
  readonly name: string
  /** Distinct devices, at most `count`, all of them from `available`. The same rng gives the same choice whatever the order of `available`. */
  sample(available: readonly AvailableDevice[], count: number, rng: Rng): DeviceId[]
}

/** An update as the checks see it: decoded, with its L2 norm (NaN or Infinity if any value is, or if it overflows). */
export interface CheckedUpdate {
  readonly delta: Params
  readonly norm: number
  readonly numExamples: number
}

export interface UpdateCheck {
  readonly name: string
  check(update: CheckedUpdate): Verdict<RejectCode>
}

/** One accepted update, as an aggregator reads it. `delta` is valid until the next one is asked for: copy what you keep. */
export interface WeightedUpdate {
  readonly deviceId: DeviceId
  readonly delta: Params
  readonly weight: number
}

/** The accepted updates of a round in canonical order (by device id), read from the spool one at a time. May be iterated again. */
export interface UpdateSource extends AsyncIterable<WeightedUpdate> {
  readonly count: number
  /** Params per update. */
  readonly size: number
}

export interface Aggregator {
  readonly name: string
  readonly minUpdates: number
  /** Same updates, same bytes. @throws AggregationError */
  aggregate(updates: UpdateSource): Promise<Params>
  /**
   * Of a rule that asks no more of the updates than Σ wᵢ·xᵢ and Σ wᵢ: the same from their sum, so that whoever holds a
   * part of them need only hand on one vector. @throws AggregationError
   */
  ofSum?(sum: UpdateSum): Params
}

/** Optimizer state as one flat vector, so that it is stored like weights; empty where there is none. */
export interface ServerOptimizer {
  readonly name: string
  init(size: number): Params
  /** Applies the mean delta (pseudo-gradient = −meanDelta). Pure: returns new vectors. */
  apply(params: Params, meanDelta: Params, state: Params): { params: Params; state: Params }
}

/** All that makes one federated algorithm differ from another. A record: compose, never subclass. */
export interface Strategy {
  readonly sampler: ClientSampler
  readonly checks: readonly UpdateCheck[]
  /** Aggregation weight of an update. */
  readonly weight: (numExamples: number) => number
  readonly aggregator: Aggregator
  readonly optimizer: ServerOptimizer
}

export class AggregationError extends Error {
  override readonly name = 'AggregationError'
  constructor(
    readonly code: 'too-few' | 'zero-weight' | 'wrong-length' | 'out-of-range' | 'damaged-update',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}
