import type { DataSchema, ErrorCode, Params } from '@panal/client-core'
import type { TaskDocument } from '../registry/task-document.ts'
import type { Baseline, BaselinePredictions } from './baselines/baseline.ts'
import type {
  Examination,
  Examples,
  Predictions,
  RootUpdate,
  ShownContent,
  Variation,
  VariedPredictions,
} from './contract.ts'
import type { SegmentProfile } from './segment-profile.ts'
import type { SegmentSpec } from './segments.ts'

export interface PredictRequest {
  readonly type: 'predict'
  readonly sha256: string
  readonly document: TaskDocument
  readonly params: Params
}
export interface PredictVariedRequest {
  readonly type: 'predict-varied'
  readonly sha256: string
  readonly document: TaskDocument
  readonly params: Params
  readonly variation: Variation
}
export interface TrainRequest {
  readonly type: 'train'
  readonly sha256: string
  readonly document: TaskDocument
  readonly base: Params
  readonly seed: string
}
export interface ExamineRequest {
  readonly type: 'examine'
  readonly sha256: string
  readonly data: DataSchema
}
export interface ProfileRequest {
  readonly type: 'profile'
  readonly sha256: string
  readonly data: DataSchema
  readonly segments: readonly SegmentSpec[]
}
export interface DescribeRequest {
  readonly type: 'describe'
  readonly sha256: string
  readonly data: DataSchema
  readonly profile: SegmentProfile
  /** Says whose example each is. */
  readonly clientColumn?: string
}
export interface BaselineRequest {
  readonly type: 'baseline'
  /** The set that is answered. */
  readonly sha256: string
  /** What the baseline is made from: a dataset to fit to, or recorded predictions. */
  readonly from: string
  readonly data: DataSchema
  readonly baseline: Baseline
}
export interface ShowRequest {
  readonly type: 'show'
  readonly sha256: string
  readonly data: DataSchema
  readonly places: Int32Array
  /** Is shown to nobody. */
  readonly clientColumn?: string
}

/** What the worker may be asked of datasets that it holds. */
export type Request =
  | PredictRequest
  | PredictVariedRequest
  | TrainRequest
  | ExamineRequest
  | ProfileRequest
  | DescribeRequest
  | BaselineRequest
  | ShowRequest
/** To a request of each type. */
export interface Answers {
  readonly predict: Predictions
  readonly 'predict-varied': VariedPredictions
  readonly train: RootUpdate
  readonly examine: Examination
  readonly profile: SegmentProfile
  readonly describe: Examples
  readonly baseline: BaselinePredictions
  readonly show: readonly ShownContent[]
}
export type Answer = Answers[keyof Answers]

/** What the evaluator tells its worker. Messages are handled in the order they were sent. */
export type ToWorker =
  | { readonly type: 'keep'; readonly sha256: string; readonly bytes: Uint8Array }
  | { readonly type: 'forget'; readonly sha256: string }
  | (Request & { readonly id: number })
  | { readonly type: 'cancel'; readonly id: number }

/** What the worker answers: one per request, cancelled ones included. A failure has a code where the error had one. */
export type FromWorker =
  | { readonly type: 'answered'; readonly id: number; readonly answer: Answer }
  | { readonly type: 'failed'; readonly id: number; readonly detail: string; readonly code?: ErrorCode }
