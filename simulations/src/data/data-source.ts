import { isAbsolute, join } from 'node:path'
import { Type, type TProperties } from 'typebox'
import type { DataSchema, Dataset, Rng } from '@panal/client-core'
import type { Policy } from '@panal/server'
import type { DataDigest } from '../results/run-record.ts'

/** Data that an experiment trains and tests on. */
export interface LoadedData {
  readonly train: Dataset
  readonly test: Dataset
  /** How the examples were made, as a task document says it. */
  readonly schema: DataSchema
  /** Names, by class index. */
  readonly classes: readonly string[]
  /** Of every file that was read. */
  readonly digests: readonly DataDigest[]
}

export interface LoadContext {
  /** Where relative paths start: the folder of the experiment. */
  readonly folder: string
  /** Of the split into training and test examples, where the data have none. */
  readonly rng: Rng
  /** Threads that decode images; as many as there are cores without it. */
  readonly workers?: number
  readonly signal?: AbortSignal
}

export interface DataSource {
  readonly name: string
  /** The same files, options and seed give the same examples, whatever the number of workers. @throws DataFileError */
  load(context: LoadContext): Promise<LoadedData>
}

/** One kind of data that an experiment may choose by its name, with the options that it takes. */
export const dataPolicy = <Options extends TProperties>(
  parts: Pick<Policy<Options, DataSource>, 'options' | 'make'>,
): Policy<Options, DataSource> => parts

export const FilePath = Type.String({ minLength: 1 })

export const inFolder = ({ folder }: Pick<LoadContext, 'folder'>, path: string): string =>
  isAbsolute(path) ? path : join(folder, path)
