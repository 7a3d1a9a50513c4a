import type { Dataset } from '@panal/client-core'
import type { EvaluationSets, TaskDocument } from '@panal/server'

/** Names of the server's own datasets, in the order in which they are split off. */
export const setNames = ['evaluation', 'calibration', 'gate'] as const
export type SetName = (typeof setNames)[number]

/** A small public shard of training data, for visitors who have none of their own. */
export interface SampleShard {
  readonly label: string
  readonly numExamples: number
  /** In the file format of the task's data schema. */
  readonly bytes: Uint8Array
}

/** What the server's blob store answered: the digests of the sets and of the cases, and each sample as the document lists it. */
export interface StoredData {
  readonly sets: EvaluationSets
  readonly cases: string
  readonly samples: TaskDocument['samples']
}

/** A task with its data: what the devices train on, what the server judges by, and the document that names both. */
export interface PreparedTask {
  /** Shared out among the devices; has no example content in common with the sets. */
  readonly training: Dataset
  /** Files in the format of the task's data schema; no example content is in two of them. */
  readonly sets: Readonly<Record<SetName, Uint8Array>>
  /** A file likewise: a few examples that every model which is any good answers rightly. */
  readonly cases: Uint8Array
  readonly samples: readonly SampleShard[]
  document(stored: StoredData): TaskDocument
}

export interface PrepareOptions {
  /** Decides the splits and the samples. */
  readonly seed: number
}
