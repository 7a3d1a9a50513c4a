import { decodeText, readCsv } from '@panal/client-core'
import { rowSumTolerance } from '../statistics/probability-rows.ts'
import type { OrderedDataset } from '../canonical-order.ts'
import { certain, type BaselinePredictions } from './baseline.ts'

const answerColumn = 'prediction'

/**
 * Another system's predictions, from a CSV with a row for each example of the set, in the order of the set's file: a
 * column for each class with its probability, or `prediction` with a class.
 * @throws Error in plain words, or PanalError 'invalid-dataset', where the file does not fit
 */
export function readRecorded(bytes: Uint8Array, of: OrderedDataset, classes: readonly string[]): BaselinePredictions {
  const { header, rows: all } = readCsv(decodeText(bytes))
  const rows = all.filter((cells) => cells.some((cell) => cell.trim() !== ''))
  const { dataset } = of
  if (rows.length !== dataset.numExamples)
    throw new Error(`the recorded predictions are ${rows.length}, and the set has ${dataset.numExamples} examples`)
  const inOrder = Array.from(of.rows, (row) => rows[row]!)
  const columns = classes.map((name) => header.indexOf(name))
  if (columns.every((column) => column >= 0)) return probabilitiesOf(inOrder, columns, dataset.y)
  const column = header.indexOf(answerColumn)
  if (column < 0)
    throw new Error(`the recorded predictions have neither a column for each class nor one named ${answerColumn}`)
  const answers = inOrder.map((cells) => {
    const answer = classes.indexOf(cells[column]!.trim())
    if (answer < 0) throw new Error(`a recorded prediction is ${JSON.stringify(cells[column])}, which is no class`)
    return answer
  })
  return certain(answers, dataset.y, classes.length)
}

function probabilitiesOf(
  rows: readonly (readonly string[])[],
  columns: readonly number[],
  labels: Int32Array,
): BaselinePredictions {
  const probabilities = new Float32Array(rows.length * columns.length)
  rows.forEach((cells, row) => {
    const own = columns.map((column) => (cells[column]!.trim() === '' ? NaN : Number(cells[column])))
    const total = own.reduce((sum, p) => sum + (p >= 0 ? p : NaN), 0)
    if (!(Math.abs(total - 1) < rowSumTolerance))
      throw new Error(`recorded probabilities are not a distribution: ${own.join(', ')}`)
    probabilities.set(own, row * columns.length)
  })
  return { probabilities, labels, numClasses: columns.length, areProbabilities: true }
}
