import type { Conditions, PersonalModel, SessionEvent, TaskCard } from '@panal/client-core'
import type { DataSummary } from '../data/table-file.ts'

/** Everything that passes between the page and its worker. Data goes in, never out. */

export const backendNames = ['webgpu', 'webgl', 'wasm', 'cpu'] as const
/** Where the arithmetic runs, fastest first. */
export type BackendName = (typeof backendNames)[number]

/** What trying one backend came to. */
export interface BackendTrial {
  readonly backend: BackendName
  readonly ok: boolean
  /** One training step, ms; only where it worked. */
  readonly stepMs?: number
  /** Why it was passed over. */
  readonly detail?: string
}

/** Where a contributor's examples come from. */
export type DataSource = OwnSource | { readonly kind: 'sample'; readonly label: string; readonly sha256: string }
export type OwnSource =
  | { readonly kind: 'drawings'; readonly pixels: Uint8Array<ArrayBuffer>; readonly labels: Int32Array<ArrayBuffer> }
  | { readonly kind: 'file'; readonly text: string }

export type ToWorker =
  /** Read a data source and say what it holds, without starting anything. */
  | { readonly type: 'inspect'; readonly requestId: number; readonly card: TaskCard; readonly source: OwnSource }
  | {
      readonly type: 'start'
      readonly card: TaskCard
      readonly source: DataSource
      readonly backend: BackendName | 'auto'
      readonly conditions: Conditions
    }
  /** Sent again whenever they change: only pages can ask the battery. */
  | { readonly type: 'conditions'; readonly conditions: Conditions }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  | { readonly type: 'leave' }
  /** Load the model at this address, for predictions. */
  | {
      readonly type: 'load-model'
      readonly card: TaskCard
      readonly url: string
      readonly backend: BackendName | 'auto'
    }
  | { readonly type: 'predict'; readonly requestId: number; readonly input: PredictInput }
  /** Its owner has forgotten this browser's own model: answer without it. */
  | { readonly type: 'drop-own' }

export type PredictInput =
  | { readonly kind: 'pixels'; readonly pixels: Uint8Array<ArrayBuffer> }
  /** Raw values by column name; a column that is absent is missing. */
  | { readonly kind: 'row'; readonly values: Readonly<Record<string, string>> }

/** A model that this browser trained for itself, without its weights. */
export type OwnModel = Omit<PersonalModel, 'params'>

export type FromWorker =
  | { readonly type: 'inspected'; readonly requestId: number; readonly summary: DataSummary }
  | { readonly type: 'backend'; readonly chosen: BackendName; readonly trials: readonly BackendTrial[] }
  | { readonly type: 'data'; readonly summary: DataSummary }
  | { readonly type: 'session'; readonly event: SessionEvent }
  /** `own`: what this browser's own model is, if it has one. */
  | { readonly type: 'model-loaded'; readonly url: string; readonly own: OwnModel | null }
  | { readonly type: 'own-dropped' }
  /** P(class), in the order of the schema's classes; `own`: of this browser's own model. */
  | {
      readonly type: 'predicted'
      readonly requestId: number
      readonly probabilities: readonly number[]
      readonly own: readonly number[] | null
    }
  /** Something that was asked for could not be done; `requestId` names the request, if it had one. */
  | { readonly type: 'failed'; readonly requestId?: number; readonly detail: string }

/** `?backend=wasm` in the page's address; anything else means: choose. */
export function backendFromAddress(search: string): BackendName | 'auto' {
  const asked = new URLSearchParams(search).get('backend')
  return backendNames.find((name) => name === asked) ?? 'auto'
}
