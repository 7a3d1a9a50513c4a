import { DataFileError } from './data-file-error.ts'
import { cellText, type RawTable } from './raw-table.ts'

/** @throws DataFileError 'unknown-column' */
export function columnOf({ columns, path }: RawTable, name: string): ArrayLike<unknown> {
  const column = columns.get(name)
  if (column === undefined)
    throw new DataFileError(
      'unknown-column',
      path,
      `there is no such column. There are: ${[...columns.keys()].join(', ')}`,
      {
        column: name,
      },
    )
  return column
}

/** [numRows] the label of each row as text. @throws DataFileError 'unknown-column' | 'missing-label' | 'bad-cell' */
export function labelsOf(table: RawTable, name: string): string[] {
  return Array.from(columnOf(table, name), (cell, index) => {
    const place = { row: table.rowOf(index), column: name }
    const text = cellText(cell)
    if (text === undefined) throw new DataFileError('bad-cell', table.path, 'the label is a list or bytes', place)
    if (text === '' || text === 'NA')
      throw new DataFileError(
        'missing-label',
        table.path,
        'the label is missing. Fill it in, or leave the row out',
        place,
      )
    return text
  })
}

/** Distinct labels: numbers in their order, anything else by code units. */
export function classesOf(labels: readonly string[]): string[] {
  const distinct = [...new Set(labels)]
  const isNumber = distinct.every((label) => Number.isFinite(Number(label)))
  return isNumber ? distinct.sort((a, b) => Number(a) - Number(b)) : distinct.sort()
}

/** Labels to class indices. @throws DataFileError 'unknown-label' */
export function classIndices(
  labels: readonly string[],
  classes: readonly string[],
  { table, column }: { readonly table: RawTable; readonly column: string },
): Int32Array {
  const indexOf = new Map(classes.map((name, index) => [name, index]))
  return Int32Array.from(labels, (label, index) => {
    const found = indexOf.get(label)
    if (found === undefined)
      throw new DataFileError(
        'unknown-label',
        table.path,
        'the label is none of the classes. Correct it, or list all classes in the experiment',
        { row: table.rowOf(index), column },
      )
    return found
  })
}
