import { DataFileError } from './data-file-error.ts'
import { columnOf } from './labels.ts'
import { cellNumbers, type RawTable } from './raw-table.ts'

/**
 * A column that holds each example's numbers as one list: [numRows, ...shape], times `scale`.
 * @param shape of one example; [the list's length] without it
 * @throws DataFileError 'unknown-column' | 'bad-cell' | 'uneven-examples'
 */
export function encodeLists(
  table: RawTable,
  {
    column: name,
    shape,
    scale = 1,
  }: { readonly column: string; readonly shape?: readonly number[]; readonly scale?: number },
): { x: Float32Array; inputShape: readonly number[] } {
  const column = columnOf(table, name)
  const first = cellNumbers(column[0])
  const width = shape?.reduce((product, length) => product * length, 1) ?? first?.length ?? 0
  const x = new Float32Array(table.numRows * width)
  for (let row = 0; row < table.numRows; row++) {
    const numbers = cellNumbers(column[row])
    const place = { row: table.rowOf(row), column: name }
    if (numbers === undefined) throw new DataFileError('bad-cell', table.path, 'it is no list of numbers', place)
    if (numbers.length !== width)
      throw new DataFileError(
        'uneven-examples',
        table.path,
        `${numbers.length} numbers where ${width} are needed`,
        place,
      )
    for (let i = 0; i < width; i++) x[row * width + i] = numbers[i]! * scale
  }
  return { x, inputShape: shape ?? [width] }
}
