import type { Recording } from './recording.ts'
import type { RunOutcome } from './run.ts'
import type { ScenarioName } from './scenarios/registry.ts'

/** Some runs of one setting. */
export interface Job {
  readonly scenario: ScenarioName
  readonly setting: number
  /** The first run, and the one after the last. */
  readonly from: number
  readonly to: number
}

/** What a worker is started with. */
export interface RunWorkerData {
  readonly recording: Recording
  readonly seed: number
}

export type FromRunWorker =
  | { readonly type: 'done'; readonly outcomes: readonly RunOutcome[] }
  | { readonly type: 'failed'; readonly detail: string }
