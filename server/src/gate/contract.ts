import type { CheckResult, DataSchema, GateReport, Params } from '@panal/client-core'
import type { TaskDocument } from '../registry/task-document.ts'

/** The server's own datasets that a check may look at. The calibration set is fitted on, so it never judges. */
export type JudgedSet = 'evaluation' | 'gate'

/** A model's class probabilities on one dataset. */
export interface Predictions {
  /** [numExamples, numClasses] */
  readonly probabilities: Float32Array
  /** [numExamples] true class. */
  readonly labels: Int32Array
  readonly numClasses: number
}

/** One model as the gate sees it. What a check does not ask for is neither read nor computed; nothing is computed twice. */
export interface JudgedModel {
  readonly version: number
  readonly weightsSha256: string
  params(): Promise<Params>
  on(set: JudgedSet): Promise<Predictions>
}

/** All that a gate check may look at. `base` is the version the candidate was trained from. */
export interface Evaluation {
  readonly document: TaskDocument
  readonly candidate: JudgedModel
  readonly base: JudgedModel
  readonly champion: JudgedModel | null
  readonly anchor: JudgedModel | null
}

/**
 * One idea of what makes a model unfit. Law: the same evaluation gives the same result; every number in it is finite;
 * the reason is a sentence. What a check cannot know, it throws: the gate makes an ERROR of it.
 */
export interface GateCheck {
  readonly name: string
  /** Integrity checks decide whether the candidate may become head, too; the gate stops at the first that blocks. */
  readonly integrity: boolean
  judge(evaluation: Evaluation): Promise<CheckResult>
}

/** A stored model, as the round hands it to the gate. */
export interface ModelRef {
  readonly version: number
  readonly weightsSha256: string
}

/** What is judged, and what it is measured against. */
export interface GateSubject {
  readonly document: TaskDocument
  readonly candidate: ModelRef
  readonly base: ModelRef
  readonly champion: ModelRef | null
  readonly anchor: ModelRef | null
}

export interface Gate {
  /** Always answers with a report, ERROR included. @throws only the signal's reason when it aborts. */
  judge(subject: GateSubject, signal: AbortSignal): Promise<GateReport>
  close(): Promise<void>
}

/** What a task's rules ask of a stored dataset. */
export interface Examination {
  readonly numExamples: number
  /** Names of a table's columns; none of images. */
  readonly columns: readonly string[]
  /**
   * The distinct contents of its examples, labels left out, as the first 64 bits of their SHA-256, sorted. That two of
   * a million by a million different ones are alike has a chance of 1 in 20 million.
   */
  readonly contents: BigUint64Array
}

/** Reads stored datasets off the main thread, which large ones would hold up for seconds. */
export interface Examiner {
  /** @throws PanalError 'invalid-dataset' | 'not-found'; the signal's reason when it aborts */
  examine(datasetSha256: string, data: DataSchema, signal?: AbortSignal): Promise<Examination>
}

/** Runs a model over a stored dataset, off the main thread. */
export interface Evaluator {
  /** @throws the signal's reason when it aborts; an Error in plain words when the dataset or the model cannot be used */
  predict(request: EvaluationRequest, signal: AbortSignal): Promise<Predictions>
  close(): Promise<void>
}

export interface EvaluationRequest {
  readonly document: TaskDocument
  readonly params: Params
  /** Digest of the dataset; its bytes are handed to the worker once and kept there. */
  readonly datasetSha256: string
}
