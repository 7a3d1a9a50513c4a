import type { Params } from '@panal/client-core'
import type { TaskDocument } from '../registry/task-document.ts'

/** What the evaluator tells its worker. Messages are handled in the order they were sent. */
export type ToWorker =
  | { readonly type: 'keep'; readonly sha256: string; readonly bytes: Uint8Array }
  | { readonly type: 'forget'; readonly sha256: string }
  | {
      readonly type: 'predict'
      readonly id: number
      readonly document: TaskDocument
      readonly params: Params
      readonly sha256: string
    }
  | { readonly type: 'cancel'; readonly id: number }

/** What the worker answers: one per `predict`, cancelled ones included. */
export type FromWorker =
  | {
      readonly type: 'predictions'
      readonly id: number
      readonly probabilities: Float32Array
      readonly labels: Int32Array
      readonly numClasses: number
    }
  | { readonly type: 'failed'; readonly id: number; readonly detail: string }
