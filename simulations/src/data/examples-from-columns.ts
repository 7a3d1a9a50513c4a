import { isMissing, numFeatures, rowEncoder, type Column, type TableSchema } from '@panal/client-core'
import { DataFileError } from './data-file-error.ts'
import { columnOf } from './labels.ts'
import { cellText, type RawTable } from './raw-table.ts'

const maxCategories = 1000

/**
 * How columns become numbers: those whose cells are all numbers are standardised by their mean and standard deviation, others
 * become a 0/1 feature for each of their values. Fitted on the training rows only, as it must be.
 * @param rows of the table, that the statistics are of
 * @throws DataFileError 'unknown-column' | 'unsupported'
 */
export function fitColumns(table: RawTable, names: readonly string[], rows: ArrayLike<number>): Column[] {
  return names.map((name): Column => {
    const column = columnOf(table, name)
    const cells = Array.from(rows, (row) => textOf(table, name, column, row))
    const present = cells.filter((cell) => !isMissing(cell))
    const numbers = present.map(Number)
    const hasMissing = present.length < cells.length
    if (numbers.every(Number.isFinite))
      return { name, kind: 'numeric', ...meanAndStd(numbers), missing: hasMissing ? 'indicator' : 'mean' }
    const values = [...new Set(present)].sort()
    if (values.length > maxCategories)
      throw new DataFileError(
        'unsupported',
        table.path,
        `it has ${values.length} different texts, over ${maxCategories}: an id or a sentence is no category. Leave it out of the features`,
        { column: name },
      )
    return { name, kind: 'categorical', values, missing: hasMissing ? 'indicator' : 'zeros' }
  })
}

/** A constant column says nothing, and must not be divided by 0. */
function meanAndStd(values: readonly number[]): { mean: number; std: number } {
  if (values.length === 0) return { mean: 0, std: 1 }
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const std = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
  return { mean, std: std > 0 ? std : 1 }
}

/** [numRows, features]. @throws DataFileError 'unknown-column' | 'bad-cell' */
export function encodeColumns(table: RawTable, columns: readonly Column[]): { x: Float32Array; inputShape: number[] } {
  const schema: TableSchema = { kind: 'table', columns: [...columns], label: { column: '' }, classes: [] }
  const width = numFeatures(schema)
  const cells = columns.map(({ name }) => columnOf(table, name))
  const encode = rowEncoder(schema)
  const x = new Float32Array(table.numRows * width)
  for (let row = 0; row < table.numRows; row++)
    encode(
      (column) => textOf(table, columns[column]!.name, cells[column]!, row),
      x.subarray(row * width, (row + 1) * width),
      (column, message) => {
        throw new DataFileError('bad-cell', table.path, `${message}. Correct it, or leave the column out`, {
          row: table.rowOf(row),
          column,
        })
      },
    )
  return { x, inputShape: [width] }
}

function textOf(table: RawTable, name: string, column: ArrayLike<unknown>, row: number): string {
  const text = cellText(column[row])
  if (text === undefined)
    throw new DataFileError(
      'bad-cell',
      table.path,
      'a list or bytes is no feature of its own. Say features: list or image',
      {
        row: table.rowOf(row),
        column: name,
      },
    )
  return text
}
