import type { Params, RejectCode, Rng, Verdict, DeviceId } from '@panal/client-core'
import type { BatchRule } from '../aggregate/whole-batch.ts'
import type { Rows, VectorEngine } from '../vector/engine.ts'
import type { Products } from '../vector/products.ts'

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

/** What an update counts for by its staleness: by how many rounds it is counted later than its device was asked. */
export interface StalenessWeight {
  readonly name: string
  /** More than 0, at most 1, and 1 of a staleness of 0. */
  of(staleness: number): number
}

/** What is known of one accepted update beside its delta. */
export interface UpdateFacts {
  readonly weight: number
  /**
   * How far its device's local steps carry a gradient, in units of learning rate · gradient: the number of steps for plain
   * SGD, more with momentum. ‖aᵢ‖₁ of FedNova.
   */
  readonly effectiveSteps: number
  /** L2 norm of the delta as it arrived. */
  readonly norm: number
  /** Mean training loss of the first local epoch, as the device says; absent if it did not. */
  readonly lossBefore?: number
  /**
   * What its delta is multiplied by for its staleness, before any rule looks at it: what is divided by stays the sum of
   * whole weights, so that stale updates move the model less and make the others no larger. Absent: 1.
   */
  readonly discount?: number
}

/** One accepted update, as an aggregator reads it. `delta` is valid until the next one is asked for: copy what you keep. */
export interface WeightedUpdate extends UpdateFacts {
  readonly deviceId: DeviceId
  readonly delta: Params
}

/** What the updates of a round may take in memory while a rule needs them all at once, where nothing else is said. */
export const defaultMaxHeldBytes = 2 ** 30

/** The accepted updates of a round in canonical order (by device id), read from the spool one at a time. May be iterated again. */
export interface UpdateSource extends AsyncIterable<WeightedUpdate> {
  readonly count: number
  /** Params per update. */
  readonly size: number
  /** Most bytes that they may take in memory where a rule needs them all at once. */
  readonly maxHeldBytes?: number
  /** Where they lie as they are, so that any part of each can be read: for a rule on all of them. Each has been found to be as it was sent. */
  openRows?(): Promise<OpenRows>
  /** Of each with another vector, [size], in canonical order: of a source that has quicker means than to give one after the other. */
  productsWith?(other: Params): Promise<readonly UpdateProducts[]>
}

/** Rows that lie somewhere, until they are closed. */
export interface OpenRows {
  readonly rows: Rows
  readonly facts: readonly UpdateFacts[]
  close(): Promise<void>
}

export interface UpdateProducts extends Products {
  readonly deviceId: DeviceId
}

/** What one update adds to the sums of a linear rule. */
export interface Summand {
  /** [numSums] What its delta is multiplied by in each sum. */
  readonly coefficients: readonly number[]
  /** [numScalars] Numbers that are added up beside. */
  readonly scalars: readonly number[]
}

/** A rule whose result is sums Σ cᵢ·xᵢ, each over a number that depends on sums of scalars alone. */
export interface LinearRule {
  readonly name: string
  readonly numSums: number
  readonly numScalars: number
  /** @throws AggregationError if the update lacks what the rule needs */
  summand(update: UpdateFacts): Summand
  /** [numSums] From the sums of the scalars. @throws AggregationError 'zero-weight' */
  divisors(scalars: readonly number[]): readonly number[]
}

/** What an aggregation has beside the updates. */
export interface AggregationContext {
  /** What works on all updates at once. Where it is left out, rules that need that do so on WASM SIMD. */
  readonly engine?: VectorEngine
  /** For rules that use it: the aggregate of the round that made this round's base, [size]; null where no round did. */
  readonly previous?: Params | null
  /** For rules that use them: norms of what counted in the rounds before, as `Registry.earlierNorms` has them. */
  readonly earlierNorms?: readonly number[]
  /** For rules that use it: what the server's own root set makes of the round's base, [size]. The same whenever it is asked. */
  readonly rootDelta?: () => Promise<Params>
}

export interface Aggregator {
  readonly name: string
  readonly minUpdates: number
  /** Whether it goes on from what the last round came to, so that this is kept. */
  readonly usesPrevious?: boolean
  /** Of how many rounds before its own it uses the norms. */
  readonly numEarlierRounds?: number
  /** Whether it needs a root set of the task. */
  readonly usesRoot?: boolean
  /**
   * Same updates, same bytes, on the same engine and device. [size], or as many of them one after the other as a linear rule
   * has sums. @throws AggregationError; VectorError 'device-lost' | 'no-device': another engine may do it
   */
  aggregate(updates: UpdateSource, context?: AggregationContext): Promise<Params>
  /** A rule on all updates at once works on an engine; one that only adds does if it is lent one, else it folds them as they come. */
  readonly usesEngine: 'always' | 'if-lent'
  /** Of a rule that only adds: whoever holds a part of the updates need only hand on their sums. */
  readonly linear?: LinearRule
  /** Of a rule that can work on all updates at once, so that something may be done to them before. */
  readonly batch?: BatchRule
}

/** What an optimizer may know of the round whose mean delta it applies. */
export interface AppliedRound {
  /** Updates in the mean. */
  readonly numUpdates: number
}

/** Optimizer state as one flat vector, so that it is stored like weights; empty where there is none. */
export interface ServerOptimizer {
  readonly name: string
  /** Whether devices are sent the state, with the base that it goes with. */
  readonly sharesState?: boolean
  init(size: number): Params
  /** Applies the mean delta (pseudo-gradient = −meanDelta). Pure: returns new vectors. */
  apply(params: Params, meanDelta: Params, state: Params, round: AppliedRound): { params: Params; state: Params }
}

/** All that makes one federated algorithm differ from another. A record: compose, never subclass. */
export interface Strategy {
  readonly sampler: ClientSampler
  readonly checks: readonly UpdateCheck[]
  /** Aggregation weight of an update. */
  readonly weight: (numExamples: number) => number
  /** See `UpdateFacts`. From what the plan lets a device do, whatever the device says. */
  readonly effectiveSteps: (numExamples: number) => number
  /** Of updates that began at an older base than their round's. */
  readonly stalenessWeight: StalenessWeight
  readonly aggregator: Aggregator
  readonly optimizer: ServerOptimizer
}

export class AggregationError extends Error {
  override readonly name = 'AggregationError'
  constructor(
    readonly code:
      | 'too-few'
      | 'zero-weight'
      | 'wrong-length'
      | 'out-of-range'
      | 'damaged-update'
      | 'too-large'
      | 'counted-twice'
      | 'damaged-partial',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}
