import { tensorSize } from '../model/layout.ts'
import { shuffle, type Rng } from '../model/rng.ts'
import { PanalError } from '../protocol/errors.ts'
import type { Plan } from '../protocol/task.ts'
import type { Dataset } from '../data/dataset.ts'

/** Some examples, gathered: x [n, …] row-major and their classes [n]. */
export interface Batch {
  readonly x: Float32Array
  readonly y: Int32Array
}

/** @throws PanalError 'invalid-dataset' when the examples are not what this model takes. */
export function checkDataset(data: Dataset, shape: readonly number[], numClasses: number): void {
  const fail = (what: string) => new PanalError('invalid-dataset', what)
  if (data.numExamples < 1) throw fail('there are no examples')
  if (data.inputShape.length !== shape.length || !shape.every((length, i) => length === data.inputShape[i]))
    throw fail(`an example is [${data.inputShape.join(', ')}] where the model takes [${shape.join(', ')}]`)
  if (data.x.length !== data.numExamples * tensorSize(shape) || data.y.length !== data.numExamples)
    throw fail('the dataset has not as many values as examples')
  if (!data.y.every((label) => label >= 0 && label < numClasses)) throw fail('a label is no class of this task')
}

/** The rows that one round uses: all of them, or `maxExamples` drawn without replacement. */
export function rowsOfRound(numExamples: number, maxExamples: number | undefined, rng: Rng): Int32Array {
  const rows = Int32Array.from({ length: numExamples }, (_, row) => row)
  if (maxExamples === undefined || maxExamples >= numExamples) return rows
  return shuffle(rows, rng).slice(0, maxExamples).sort()
}

/** Local optimizer steps of one round, of a device with that many examples. */
export const stepsOfRound = (
  { epochs, batchSize, maxExamples = Infinity }: Pick<Plan, 'epochs' | 'batchSize' | 'maxExamples'>,
  numExamples: number,
): number => epochs * Math.ceil(Math.min(numExamples, maxExamples) / batchSize)

/** Copies the rows, in their order, with the platform's own memory copy. */
export function gather(data: Dataset, rows: Int32Array): Batch {
  const width = tensorSize(data.inputShape)
  const x = new Float32Array(rows.length * width)
  const y = new Int32Array(rows.length)
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    x.set(data.x.subarray(row * width, (row + 1) * width), i * width)
    y[i] = data.y[row]!
  }
  return { x, y }
}
