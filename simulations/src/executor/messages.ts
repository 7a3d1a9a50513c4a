import type { DataSchema, Dataset, LocalMetrics, Loss, Params, Plan } from '@panal/client-core'
import type { TaskDocument } from '@panal/server'
import type { EngineName } from '../engine/open-trainer.ts'
import type { DeviceOutcome, DeviceWork } from './executor.ts'

/** The task as far as local work depends on it. */
export interface LocalTask {
  readonly topology: unknown
  readonly schema: DataSchema
  readonly loss: Loss
  readonly plan: Plan
  readonly strategy: TaskDocument['strategy']
}

/** What a worker is started with. All arrays lie in shared memory. */
export interface TrainWorkerData {
  readonly task: LocalTask
  readonly engine: EngineName
  readonly train: Dataset
  readonly test: Dataset
  /** [size] Rewritten by the main thread before each run. */
  readonly base: Params
  /** [size] Likewise, the server's vector for the plan's correction; null without one. */
  readonly servers: Params | null
  /** This worker's partial sum; null where every delta is sent. */
  readonly sum: { readonly high: Float64Array; readonly low: Float64Array } | null
}

/** One piece of work of a run. */
export type Job =
  | { readonly type: 'train'; readonly device: DeviceWork }
  /** For the server, on its own examples. */
  | { readonly type: 'root'; readonly rows: Uint32Array; readonly seed: string }
  /** On a part of the test set. */
  | { readonly type: 'evaluate'; readonly from: number; readonly to: number }

export type WorkerCommand =
  /** The base has changed, and the sum starts anew. */
  | { readonly type: 'begin'; readonly run: number }
  | { readonly type: 'job'; readonly run: number; readonly index: number; readonly job: Job }
  /** Ends the thread after the job in hand. */
  | { readonly type: 'stop' }

export type JobResult =
  | {
      readonly type: 'trained'
      readonly outcome: DeviceOutcome
      /** What the worker's partial sum has by now. */
      readonly summed: { readonly count: number; readonly reach: number }
      /** Where every delta is sent, of one that counts. */
      readonly delta?: Params
      /** What the device trained, if it withholds it. */
      readonly withheld?: Params
      /** Whether the device has left what it keeps for the plan's correction. */
      readonly isKept: boolean
      /** Whether it has left a model of its own. */
      readonly hasPersonal: boolean
    }
  | { readonly type: 'root-trained'; readonly delta: Params }
  | { readonly type: 'evaluated'; readonly metrics: LocalMetrics }

export type WorkerReport =
  | { readonly type: 'done'; readonly run: number; readonly index: number; readonly result: JobResult }
  /** The work itself cannot be done, by no worker. */
  | { readonly type: 'failed'; readonly run: number; readonly code: string | undefined; readonly message: string }
  | { readonly type: 'note'; readonly line: string }
