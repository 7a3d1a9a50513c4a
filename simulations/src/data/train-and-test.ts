import { shuffle, subset, type Dataset, type Rng } from '@panal/client-core'
import { DataFileError } from './data-file-error.ts'

/**
 * Which rows train and which test, where one file holds both: a share of them, chosen by chance, to the nearest row. Both in the
 * file's order.
 * @throws DataFileError 'bad-split' where one of the two would be empty
 */
export function splitRows(numRows: number, testShare: number, { rng, path }: { rng: Rng; path: string }) {
  const numTest = Math.round(numRows * testShare)
  if (!(numTest > 0 && numTest < numRows))
    throw new DataFileError(
      'bad-split',
      path,
      `a testShare of ${testShare} leaves ${numRows - numTest} of ${numRows} rows to train on and ${numTest} to test on. Change it`,
    )
  const order = shuffle(
    Int32Array.from({ length: numRows }, (_, row) => row),
    rng.fork('test'),
  ) // Int32Array sorts by number
  return { test: order.slice(0, numTest).sort(), train: order.slice(numTest).sort() }
}

/** Exactly one of a test file and a share of the training file. @throws DataFileError 'bad-split' */
export function assertOneTest(path: string, { test, testShare }: { test?: unknown; testShare?: unknown }): void {
  if ((test === undefined) === (testShare === undefined))
    throw new DataFileError(
      'bad-split',
      path,
      test === undefined
        ? 'nothing to test on: name a test file, or say testShare, the share of these examples that is kept for it'
        : 'both a test file and a testShare: leave one out',
    )
}

/** @throws DataFileError 'no-examples' */
export function assertSome({ numExamples }: Pick<Dataset, 'numExamples'>, path: string): void {
  if (numExamples === 0) throw new DataFileError('no-examples', path, 'there are no examples in it')
}

/** One dataset as two. @throws DataFileError 'bad-split' */
export function splitDataset(dataset: Dataset, testShare: number, of: { rng: Rng; path: string }) {
  const { train, test } = splitRows(dataset.numExamples, testShare, of)
  return { train: subset(dataset, train), test: subset(dataset, test) }
}
