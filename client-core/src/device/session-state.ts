import type { Dataset } from '../data/dataset.ts'
import type { ErrorCode } from '../protocol/errors.ts'
import type { Privacy, Receipt } from '../protocol/manifest.ts'
import type { Pointers, Promoted, RoundSummary } from '../protocol/messages.ts'
import type { TaskCard } from '../protocol/task.ts'
import type { OwnMetrics } from '../train/personalisation/train-personal.ts'
import type { Trainer } from '../train/trainer.ts'
import type { DeviceRuntime } from './runtime.ts'

/** Where a device is in its life. A field exists only in the states where it means something. */
export type SessionState =
  | { readonly state: 'connecting'; readonly attempt: number }
  | { readonly state: 'waiting'; readonly nextRoundInMs: number | null }
  | { readonly state: 'paused' }
  | { readonly state: 'downloading'; readonly roundNumber: number; readonly fraction: number }
  | {
      readonly state: 'training'
      readonly roundNumber: number
      readonly fraction: number
      readonly loss: number | null
    }
  | { readonly state: 'uploading'; readonly roundNumber: number; readonly fraction: number }
  /** Its part of the round is done; it trains a model of its own, and stops where it is asked for another round. */
  | { readonly state: 'personalising'; readonly roundNumber: number; readonly fraction: number }
  | {
      readonly state: 'left'
      readonly reason: 'asked' | 'refused' | 'failed'
      readonly code?: ErrorCode
      readonly detail?: string
    }

/** What a session tells whoever watches it: pages, fleets, tests. */
export type SessionEvent =
  | { readonly type: 'state'; readonly state: SessionState }
  | { readonly type: 'joined'; readonly task: TaskCard; readonly pointers: Pointers; readonly deviceId: string }
  | { readonly type: 'round'; readonly round: RoundSummary }
  | { readonly type: 'promoted'; readonly promoted: Promoted }
  | {
      readonly type: 'accepted'
      readonly receipt: Receipt
      readonly lossBefore: number
      readonly lossAfter: number
      readonly trainMs: number
      readonly bytesDown: number
      readonly bytesUp: number
    }
  | { readonly type: 'refused'; readonly roundNumber: number; readonly code: ErrorCode; readonly detail: string }
  /** The assignment came to nothing on its way: taken back by the server, over, replaced, or not allowed here now. */
  | { readonly type: 'withdrawn'; readonly roundNumber: number; readonly code: string }
  /** In which version an update that was accepted is, now that its round is closed: the ledger has it. */
  | { readonly type: 'counted'; readonly roundNumber: number }
  /**
   * What came of training a model of the device's own. Unless it is kept, the one before stays. 'stopped': by the next round,
   * a pause, or conditions that the device no longer meets. 'forgotten': its owner has removed the model meanwhile, and there is
   * none now.
   */
  | {
      readonly type: 'personalised'
      readonly roundNumber: number
      readonly outcome: 'kept' | 'stopped' | 'forgotten' | 'storage-refused' | 'diverged' | 'failed'
      /** On what the device holds out; null where nothing was measured. */
      readonly metrics: OwnMetrics | null
      readonly detail?: string
    }
  /** The device could not do its part: `code` where a transfer failed or the offer did not hold, none where training did. */
  | { readonly type: 'failed'; readonly roundNumber: number; readonly code?: ErrorCode; readonly detail: string }

export interface SessionOptions {
  readonly runtime: DeviceRuntime
  readonly taskId: string
  readonly data: Dataset
  /** For a task that takes devices by invitation only. */
  readonly invitation?: string | undefined
  /** What the device's owner has agreed to: no round that protects it less is taken part in. */
  readonly agreed?: Privacy | undefined
  /** Called once, after the first join. The session disposes of what it gets. */
  readonly makeTrainer: (card: TaskCard) => Promise<Trainer>
  readonly onEvent: (event: SessionEvent) => void
  /** Aborting it is `leave()`. */
  readonly signal?: AbortSignal
}

/** A running device. */
export interface Session {
  /** Gives back any assignment and stops being asked until `resume`. */
  pause(): void
  resume(): void
  /** Gives back any assignment, tells the server, closes. Resolves when nothing is left running. */
  leave(): Promise<void>
  /** Resolves with the final state, whatever ended the session. */
  readonly ended: Promise<Extract<SessionState, { state: 'left' }>>
}
