import { canonicalJson, type Params } from '@panal/client-core'
import type { BaselinePredictions } from '../baselines/baseline.ts'
import type { GateCheckSpec } from '../checks/registry.ts'
import type { Examples, JudgedTask, Variation } from '../contract.ts'

export const setNames = ['evaluation', 'calibration', 'gate'] as const
export type SetName = (typeof setNames)[number]

/** What one model answered, so that it need not be run again. */
export interface RecordedModel {
  readonly version: number
  readonly weightsSha256: string
  readonly params: Params
  /** [numExamples, numClasses] of each set, in the order of its `Examples`. */
  readonly on: Readonly<Record<SetName, Float32Array>>
  /** To sets of cases, by their digests. */
  readonly onCases?: ReadonlyMap<string, Float32Array>
  /** By `variedKey`; absent where it was not asked under variations. */
  readonly under?: ReadonlyMap<string, RecordedVariation>
}

export interface RecordedVariation {
  /** [numExamples, numClasses] */
  readonly probabilities: Float32Array
  /** [numExamples] 1 where the variation changed the example. */
  readonly applies: Uint8Array
}

export const variedKey = (set: SetName, variation: Variation): string => `${set} ${canonicalJson(variation)}`

/** All that the runs of a calibration are made from: no model is run after it. A structured clone of it is as good. */
export interface Recording {
  readonly task: JudgedTask
  readonly checks: readonly GateCheckSpec[]
  readonly examples: Readonly<Record<SetName, Examples>>
  /** Sets of cases, by their digests. */
  readonly cases: ReadonlyMap<string, Examples>
  readonly champion: RecordedModel
  /** Null where there is none; the champion itself where it is the anchor. */
  readonly anchor: RecordedModel | null
  /** Another version about as good as the champion, if the registry has one. */
  readonly like: RecordedModel | null
  /** Earlier versions, the nearest to the champion first. */
  readonly earlier: readonly RecordedModel[]
  /** The champion with one feature lost: every example has that of another one. Null where there are no features. */
  readonly withoutFeature: { readonly column: string; readonly model: RecordedModel } | null
  /** One round more, in which labels of one client were wrong; by their share. Null where nothing could be trained. */
  readonly flippedLabels:
    readonly { readonly label: string; readonly share: number; readonly model: RecordedModel }[] | null
  /** By the JSON of what it is. */
  readonly baselines: ReadonlyMap<string, BaselinePredictions>
  readonly jitter: Jitter
}

/** Noise on logits that makes two equal models of one. */
export interface Jitter {
  /** Standard deviation, of each logit. */
  readonly std: number
  /** Share of the evaluation set's examples to which two such models give different answers. */
  readonly disagreement: number
}
