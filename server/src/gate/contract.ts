import type { Params, TaskDocument } from '@panal/client-core'
import type { CheckResult, GateReport } from './report.ts'

/** A model's class probabilities on one dataset. */
export interface Predictions {
  /** [numExamples, numClasses] */
  readonly probabilities: Float32Array
  /** [numExamples] true class. */
  readonly labels: Int32Array
  readonly numClasses: number
}

/** One model as the gate sees it. */
export interface JudgedModel {
  readonly version: number
  readonly weightsSha256: string
  readonly params: Params
  readonly onEvaluation: Predictions
  readonly onGate: Predictions
}

/** All that a gate check may look at. `base` is the version the candidate was trained from. */
export interface Evaluation {
  readonly document: TaskDocument
  readonly candidate: JudgedModel
  readonly base: JudgedModel
  readonly champion: JudgedModel | null
  readonly anchor: JudgedModel | null
}

export interface GateCheck {
  readonly name: string
  /** Integrity checks decide whether the candidate may become head, too. */
  readonly integrity: boolean
  judge(evaluation: Evaluation): CheckResult
}

/** A stored model, as the round hands it to the gate. */
export interface ModelRef {
  readonly version: number
  readonly weightsSha256: string
}

export interface Gate {
  judge(
    subject: {
      readonly document: TaskDocument
      readonly candidate: ModelRef
      readonly base: ModelRef
      readonly champion: ModelRef | null
      readonly anchor: ModelRef | null
    },
    signal: AbortSignal,
  ): Promise<GateReport>
  close(): Promise<void>
}

/** Runs a model over a stored dataset, off the main thread. */
export interface Evaluator {
  predict(request: EvaluationRequest, signal: AbortSignal): Promise<Predictions>
  close(): Promise<void>
}

export interface EvaluationRequest {
  readonly document: TaskDocument
  readonly params: Params
  /** Digest of the dataset; its bytes are read once by the worker and kept. */
  readonly datasetSha256: string
}
