import type { Layout, UpdateCodec } from '@panal/client-core'
import type { Strategy } from '../strategy/strategy.ts'
import type { TaskDocument } from './task-document.ts'

/** A task, ready to run: its document and all that follows from it. */
export interface Task {
  readonly id: string
  readonly document: TaskDocument
  /** SHA-256 of the canonical JSON of the document without `samples`, `title`, `description`, `whatLeaves`, `sets`. */
  readonly planHash: string
  /** tfjs LayersModel topology, built-in names resolved; layer and weight names fixed. */
  readonly topology: unknown
  readonly layout: Layout
  readonly codec: UpdateCodec
  readonly strategy: Strategy
}
