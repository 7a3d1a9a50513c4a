import type { Dataset, SessionEvent } from '@panal/client-core'
import type { EngineName } from '../engine/open-trainer.ts'

/** What a worker thread is started with. The examples lie in shared memory: no thread copies them. */
export interface FleetWorkerData {
  readonly server: string
  readonly taskId: string
  readonly seed: string
  readonly engine: EngineName
  readonly devices: readonly FleetDevice[]
}

export interface FleetDevice {
  /** Number of the device in the whole fleet, from 0. */
  readonly index: number
  readonly data: Dataset
}

export type FleetCommand =
  /** From now on a device whose update was accepted is not to be asked for so long. */
  { readonly type: 'rest'; readonly ms: number } | { readonly type: 'close' }

/** From a worker thread to the fleet. After `closed` it sends no more and ends by itself. */
export type FleetReport =
  | { readonly type: 'ready' }
  /** Something to know of the whole thread, in words. */
  | { readonly type: 'note'; readonly line: string }
  | { readonly type: 'event'; readonly device: number; readonly event: SessionEvent }
  | { readonly type: 'closed' }
