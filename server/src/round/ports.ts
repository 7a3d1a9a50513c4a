import type { Clock, DeviceId } from '@panal/client-core'
import type { Gate } from '../gate/contract.ts'
import type { ModelVersion } from '../registry/model-version.ts'
import type { Registry } from '../registry/registry.ts'
import type { UpdateSum } from '../aggregate/exact-sum.ts'
import type { UpdateSource } from '../strategy/strategy.ts'
import type { EngineLender } from '../vector/engines.ts'
import type { Standing } from './carried.ts'
import type { LiveRound } from './live-round.ts'
import type { Population } from './population.ts'
import type { RootDelta } from './root-delta.ts'
import type { GatingRound, Round } from './state.ts'
import type { Collected } from './update-source.ts'

/** One update's row, as the log keeps it. `verdict` is 'accepted' or the code it was refused with. */
export interface UpdateRecord {
  readonly taskId: string
  /** The round that its device was asked in. */
  readonly roundNumber: number
  /** The later round that its verdict was given in and that it counts in, where it is not that one. */
  readonly countedRound?: number
  readonly deviceId: DeviceId
  readonly sha256: string
  readonly bytes: number
  readonly numExamples: number
  readonly weight: number
  readonly norm: number
  readonly verdict: string
  readonly receivedAt: number
  readonly trainMs?: number
  readonly lossBefore?: number
  readonly lossAfter?: number
  /** How it lies to what its round came to, once that is known: see `Likeness`. `cosine` is absent where it has none. */
  readonly cosine?: number
  readonly distance?: number
  readonly distanceRank?: number
}

/** The durable record of what arrived. */
export interface UpdateLog {
  /** One transaction for all of them. */
  recordUpdates(records: readonly UpdateRecord[]): void
  /** By the round that its device was asked in. */
  update(taskId: string, roundNumber: number, deviceId: DeviceId): UpdateRecord | undefined
  /** What counts in one round, and what was refused in it: sorted by device id. */
  updatesOf(taskId: string, roundNumber: number): UpdateRecord[]
  markSelected(taskId: string, deviceIds: readonly DeviceId[], roundNumber: number): void
  lastRounds(taskId: string): ReadonlyMap<DeviceId, number>
}

/** What a round asks of the versions and of its own row. */
export interface RoundRegistry extends Pick<
  Registry,
  | 'pointers'
  | 'lastRoundNumber'
  | 'round'
  | 'params'
  | 'optimizerState'
  | 'aggregate'
  | 'earlierNorms'
  | 'saveRound'
  | 'propose'
  | 'conclude'
> {
  version(taskId: string, version: number): Pick<ModelVersion, 'weightsSha256'>
}

/** The accepted updates of a round: each of them, or their sum where that is all the task's aggregator needs. */
export type RoundUpdates = UpdateSource | UpdateSum

/** What `runRound` asks of its surroundings. */
export interface RoundPorts {
  readonly registry: RoundRegistry
  readonly log: {
    /** Number of the last round each device was asked in; undefined of one that never was. */
    lastRounds(taskId: string): Pick<ReadonlyMap<DeviceId, number>, 'get'>
  }
  /** Only of what is durable when collection ends. */
  readonly updates: (round: Collected) => RoundUpdates
  /** For rules that work on all updates at once; left out, they do so on WASM SIMD. */
  readonly engines?: EngineLender
  /** For rules that use it. */
  readonly rootDelta?: RootDelta
  readonly gate: Pick<Gate, 'judge'>
  readonly population: Pick<Population, 'available'>
  /** Of a device that may go on from the last round; left out, it is as that round has left it. */
  readonly standing?: (deviceId: DeviceId) => Standing
  readonly clock: Clock
  /** Makes the round the task's live one: durable, published, open to uploads. */
  enter(round: Round): LiveRound
  /** Offers the round to its cohort and waits until collection is over; stragglers are told. */
  collect(live: LiveRound, signal: AbortSignal): Promise<void>
  subject(round: GatingRound): Parameters<Gate['judge']>[0]
}

/** Looks on at one run of a task's round, by looking on at its surroundings. */
export type Watch = (taskId: string, ports: RoundPorts) => RoundPorts
