import type { DeviceId, ErrorCode, LocalMetrics, OwnMetrics, Params } from '@panal/client-core'
import type { UpdateSum, WeightedUpdate } from '@panal/server'

/**
 * The files of a vector, [size], that a device keeps from round to round. Whoever trains the device reads and writes them, so
 * that memory holds those of the devices in training, and no others of the cohort.
 */
export interface VectorFiles {
  /** Left by an earlier round; absent: none has left any. Not changed, so that a device can be trained again. */
  readonly before?: string
  /** For what this round leaves; what is there is replaced. */
  readonly after: string
}

/** What one device has to do in a round. */
export interface DeviceWork {
  readonly deviceId: DeviceId
  /** Its examples, as indices into the training set. */
  readonly rows: Uint32Array
  /** Of all its chance in this round. */
  readonly seed: string
  /** What it keeps for the plan's correction, where the plan has one. */
  readonly kept?: VectorFiles
  /** What its update is multiplied by for its staleness; absent: 1. */
  readonly discount?: number
  /** [numClasses] The class that it takes an example of each class for; absent: for its own. */
  readonly labels?: readonly number[]
  /** What it trained is handed back instead of going to the server: neither judged nor among the updates. */
  readonly withheld?: true
  /** For a model of its own, where the plan makes one. */
  readonly personal?: PersonalState
}

export interface PersonalState {
  /** By which examples are held out. */
  readonly salt: string
  /** Its own model, where rounds go on from it. */
  readonly kept?: VectorFiles
  /** Whether its models are to be measured in this round. */
  readonly isMeasured: boolean
}

/** What the server has to do on its own examples. */
export interface RootWork extends Pick<DeviceWork, 'rows' | 'seed'> {
  readonly base: Params
}

export interface CohortWork {
  /** Number of the round; several pieces of work may be of one. */
  readonly round: number
  /** [size] What the devices train from. */
  readonly base: Params
  /** [size] The server's vector for the plan's correction; absent: zero. */
  readonly servers?: Params
  readonly devices: readonly DeviceWork[]
}

/** What came of one device's work, as the server's checks judged it. */
export interface DeviceOutcome {
  readonly deviceId: DeviceId
  /** `accepted`, or why the update does not count. */
  readonly verdict: 'accepted' | ErrorCode
  readonly numExamples: number
  readonly numSteps: number
  /** L2 norm of the delta as it arrived. */
  readonly norm: number
  /** Aggregation weight. */
  readonly weight: number
  /** How far its local steps carry it, as the server reckons. */
  readonly effectiveSteps: number
  /** What the delta is multiplied by for its staleness; absent: 1. */
  readonly discount?: number
  /** Encoded. */
  readonly bytes: number
  /** Mean training loss over the first and over the last epoch. */
  readonly lossBefore: number
  readonly lossAfter: number
  /** The shared model and its own on the examples that it holds out; absent where they were not measured. */
  readonly ownMetrics?: OwnMetrics
}

/** The accepted updates: their sum where the task's aggregator can do with it, else each of them. */
export type CohortUpdates = UpdateSum | readonly WeightedUpdate[]

export interface CohortResult {
  /** In the order of the work. */
  readonly outcomes: readonly DeviceOutcome[]
  readonly updates: CohortUpdates
  /** Accepted devices, whose files for the plan's correction count. A refused one may have left a file, too. */
  readonly kept: ReadonlySet<DeviceId>
  /** What devices trained that withhold it. */
  readonly withheld: ReadonlyMap<DeviceId, Params>
  /** Devices that have left a model of their own. */
  readonly personal: ReadonlySet<DeviceId>
}

/** Where simulated devices train. Law: the same work gives the same bytes, wherever and in whatever order it is done. */
export interface Executor {
  /** Threads, or machines, that train. */
  readonly numWorkers: number
  /** @throws ExecutorError or the signal's reason */
  run(work: CohortWork, signal: AbortSignal, onDone?: (outcome: DeviceOutcome) => void): Promise<CohortResult>
  /**
   * What the plan makes of the base on these examples, [size], for the server itself: nothing encodes or checks it. Absent of
   * one whose server has no examples. @throws as `run` does
   */
  trainRoot?(work: RootWork, signal: AbortSignal): Promise<Params>
  /** On the test set. @throws as `run` does */
  evaluate(params: Params, signal: AbortSignal): Promise<LocalMetrics>
  close(): Promise<void>
}

/** Why training cannot go on. docs/simulations.md lists the same codes. */
export const executorErrors = {
  'out-of-memory': 'a worker ran out of memory',
  'no-worker': 'a worker thread cannot be started',
  'workers-die': 'worker threads die again and again',
  'out-of-range': 'updates are too large to be summed: training has diverged',
  'unreadable-vector': 'what a device has kept cannot be read, is missing or is not whole',
  'unwritable-vector': 'what a device is to keep cannot be written',
  'training-failed': 'a device’s work cannot be done, by no worker',
} as const

/** Training cannot go on. The message says what to change. */
export class ExecutorError extends Error {
  override readonly name = 'ExecutorError'
  constructor(
    readonly code: keyof typeof executorErrors,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}
