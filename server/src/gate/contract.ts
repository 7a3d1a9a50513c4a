import type { Calibrator, CheckResult, DataSchema, GateReport, Params } from '@panal/client-core'
import type { TaskDocument } from '../registry/task-document.ts'
import type { Baseline, BaselinePredictions } from './baselines/baseline.ts'
import type { SegmentSpec } from './segments.ts'
import type { VariationSpec } from './variations/registry.ts'

/** The server's own datasets that a check may judge by. The calibration set is fitted on, so it never judges. */
export type JudgedSet = 'evaluation' | 'gate'

/** A model's class probabilities on one dataset, in the canonical order of its `Examples`. */
export interface Predictions {
  /** [numExamples, numClasses] */
  readonly probabilities: Float32Array
  /** [numExamples] true class. */
  readonly labels: Int32Array
  readonly numClasses: number
}

/**
 * What is known of the examples of one set. Law: they come in canonical order, by id and then by label, whatever order
 * the file has them in; so do all predictions on them. Nothing that a check finds can depend on the file's order.
 */
export interface Examples {
  readonly numExamples: number
  readonly datasetSha256: string
  readonly classes: readonly string[]
  /** [numExamples] true class. */
  readonly labels: Int32Array
  /**
   * [numExamples] stable names: 16 hex digits of the content's SHA-256, label left out, or what the data name them.
   * Splits go by these. Equal contents have equal ids.
   */
  readonly ids: readonly string[]
  /**
   * [numExamples] equal where the contents are, label left out. Absent: the ids say that. Or why nobody can know, in words
   * that begin a sentence.
   */
  readonly contents?: Float64Array | UnknownContents
  /** [numExamples] where the file has each one, counted from 0: to find it again. */
  readonly rows: Int32Array
  /** What segments are made of: `label` first, then the columns of the data. */
  readonly segments: readonly SegmentColumn[]
  /** Digest of the profile that binned them. */
  readonly profileSha256: string
  /** [numExamples] whose example it is, where the set says so: bootstrap draws these whole. */
  readonly clusters?: Int32Array
  /** By their numbers what stands for their names: numbers follow from who else is in the set, and these do not. */
  readonly clusterIds?: readonly string[]
}

export interface UnknownContents {
  readonly because: string
}

/** One column of a set as a few values. */
export interface SegmentColumn {
  readonly name: string
  /** Of code 0, 1, …: a category, a class, or a range such as `[30, 41)`. */
  readonly values: readonly string[]
  /** [numExamples] index into `values`; −1 where missing. */
  readonly codes: Int32Array
}

/**
 * A change of a set's examples that says something of a model: a perturbation, an invariance, a direction. JSON: with the
 * set's digest it says which bytes the model was shown.
 */
export type Variation = VariationSpec & {
  /** Of all chance in it. */
  readonly seed: number
}

export interface VariedPredictions {
  /** On all examples of the set, in the order of its `Examples`. */
  readonly predictions: Predictions
  /** [numExamples] 1 where the variation changed the example; the others cannot fail, and are no cases. */
  readonly applies: Uint8Array
}

/** One model as the gate sees it. What a check does not ask for is neither read nor computed; nothing is computed twice. */
export interface JudgedModel {
  readonly version: number
  readonly weightsSha256: string
  on(set: JudgedSet): Promise<Predictions>
  /**
   * What a promoted model is served with, as it was stored; null: as trained. Absent of a model that is not served yet, and
   * where only predictions were recorded.
   */
  readonly calibrator?: Calibrator | null
  /** Absent, like all that follows, where only predictions were recorded: the check is then NOT_APPLICABLE. */
  params?(): Promise<Params>
  /** Another pass over the set: the model is run anew, whatever was kept. */
  again?(set: JudgedSet): Promise<Predictions>
  under?(set: JudgedSet, variation: Variation): Promise<VariedPredictions>
  /**
   * Where the model was measured on examples of its own, and not on the set that the others answer: rates of strata can
   * then be compared, and no pairs.
   */
  elsewhere?(): Promise<JudgedPopulation>
}

export interface JudgedPopulation {
  readonly examples: Examples
  readonly predictions: Predictions
}

/** The split that is fitted on, and never judges. */
export interface CalibrationSplit {
  examples(): Promise<Examples>
  of(model: JudgedModel): Promise<Predictions>
}

/** Examples with an answer of their own each, which every model that is any good gives. */
export interface CaseSet {
  examples(): Promise<Examples>
  of(model: JudgedModel): Promise<Predictions>
}

/** How often the gate set has been looked at. It wears out: a model that was tuned long enough by its verdicts fits it. */
export interface LookLedger {
  /** Earlier judgements by this gate set, of any model. */
  readonly numLooks: number
  /** Earlier claims, oldest first, that a model is *better* than the anchor, and whether each was accepted. */
  readonly claims: readonly boolean[]
}

/** What a check may know of the task; a whole document is one. */
export type JudgedTask = Pick<TaskDocument, 'id' | 'seed' | 'segments'> & {
  /** Absent where only predictions were recorded, like `sets`: no task then says which data are the right ones. */
  readonly data?: DataSchema
  readonly sets?: TaskDocument['sets']
  readonly gate?: TaskDocument['gate']
}

/** All that a gate check may look at. `base` is the version the candidate was trained from. */
export interface Evaluation {
  readonly document: JudgedTask
  readonly candidate: JudgedModel
  readonly base: JudgedModel
  readonly champion: JudgedModel | null
  readonly anchor: JudgedModel | null
  examples(set: JudgedSet): Promise<Examples>
  /** Null where no split was set aside. */
  readonly calibration: CalibrationSplit | null
  /** Null where nobody counts: of recorded predictions. */
  readonly looks: LookLedger | null
  /** What a baseline answers on the gate set; absent where only predictions were recorded. */
  baseline?(baseline: Baseline): Promise<BaselinePredictions>
  /** A stored dataset by its digest, under the task's data schema; absent where only predictions were recorded. */
  cases?(datasetSha256: string): CaseSet
  /** Of all chance that a check needs: fork it by the check's name. The same subject gives the same seed. */
  readonly seed: string
}

/**
 * One idea of what makes a model unfit. Law: the same evaluation gives the same result; every number in it is finite;
 * the reason is a sentence. What a check cannot know, it throws: the gate makes an ERROR of it.
 */
export interface GateCheck {
  readonly name: string
  /** What tells it from others of its name, for people: `anchor, log loss`. */
  readonly variant?: string
  /** Integrity checks decide whether the candidate may become head, too; the gate stops at the first that blocks. */
  readonly integrity: boolean
  /** Whether "not enough data" holds the model; a check's default, which the task may change. Left out: it does. */
  readonly critical?: boolean
  /** False where passing says nothing of how good the model is: such checks alone promote none. Left out: it does. */
  readonly judges?: boolean
  judge(evaluation: Evaluation): Promise<CheckResult>
}

/** A stored model, as the round hands it to the gate. */
export interface ModelRef {
  readonly version: number
  readonly weightsSha256: string
  /** What it is served with, if it is; null: as trained. Absent of what is yet to be judged. */
  readonly calibrator?: Calibrator | null
}

/** What is judged, and what it is measured against. */
export interface GateSubject {
  readonly document: TaskDocument
  readonly candidate: ModelRef
  readonly base: ModelRef
  readonly champion: ModelRef | null
  readonly anchor: ModelRef | null
  /** Left out: it was never looked at. */
  readonly looks?: LookLedger
}

/** Told of each check before it is made: its name, how many were made, and how many there are. */
export type OnCheck = (check: string, numDone: number, numChecks: number) => void

export interface Gate {
  /** Always answers with a report, ERROR included. @throws only the signal's reason when it aborts. */
  judge(subject: GateSubject, signal: AbortSignal, onCheck?: OnCheck): Promise<GateReport>
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
  /** Digest of the segments' profile that this set gives as a task's evaluation set. @throws as `examine` does */
  profile(datasetSha256: string, data: DataSchema, segments: readonly SegmentSpec[]): Promise<string>
}

/** Runs a model over a stored dataset, off the main thread. */
export interface Evaluator {
  /** @throws the signal's reason when it aborts; an Error in plain words when the dataset or the model cannot be used */
  predict(request: EvaluationRequest, signal: AbortSignal): Promise<Predictions>
  /** On the dataset as changed by a variation. @throws as predict does */
  predictVaried(request: VariedRequest, signal: AbortSignal): Promise<VariedPredictions>
  /** @throws as predict does */
  describe(request: DescriptionRequest, signal: AbortSignal): Promise<Examples>
  /** @throws as predict does */
  baseline(request: BaselineRequest, signal: AbortSignal): Promise<BaselinePredictions>
  close(): Promise<void>
}

/** Trains a model on a stored dataset, off the main thread. */
export interface RootTrainer {
  /**
   * What the task's plan makes of the base. Law: same request, same backend, same bytes.
   * @throws as predict does
   */
  train(request: RootRequest, signal: AbortSignal): Promise<RootUpdate>
}

export interface RootUpdate {
  /** [size] As a device's update. */
  readonly delta: Params
  /** What it was trained on: another one may round otherwise. Absent: nobody looks at it. */
  readonly backend?: string
}

export interface RootRequest {
  readonly document: TaskDocument
  readonly base: Params
  readonly datasetSha256: string
  /** Of all its chance. */
  readonly seed: string
}

/** Shows examples to people, read off the main thread. */
export interface ExampleReader {
  /** In the order of `places`. @throws as predict does */
  show(request: ShowRequest, signal: AbortSignal): Promise<readonly ShownContent[]>
}

export interface ShowRequest extends DescriptionRequest {
  /** Indices into the set's canonical order. */
  readonly places: Int32Array
}

/** One example: raw values of a table's columns, '' where missing, or a picture. */
export interface ShownContent {
  readonly columns?: Readonly<Record<string, string>>
  readonly image?: { readonly width: number; readonly height: number; readonly png: Uint8Array }
}

export interface EvaluationRequest {
  readonly document: TaskDocument
  readonly params: Params
  /** Digest of the dataset; its bytes are handed to the worker once and kept there. */
  readonly datasetSha256: string
}

export interface VariedRequest extends EvaluationRequest {
  readonly variation: Variation
}

export interface DescriptionRequest {
  readonly document: TaskDocument
  readonly datasetSha256: string
}

/** Fitted to the evaluation set where it is fitted, answering the gate set. */
export interface BaselineRequest {
  readonly document: TaskDocument
  readonly baseline: Baseline
}
