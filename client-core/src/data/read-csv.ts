import papa from 'papaparse'
import { DataProblems, invalidDataset } from './problems.ts'

/** A CSV file as it is written: every cell is text. */
export interface CsvTable {
  readonly header: readonly string[]
  /** Below the header, blank lines included: row i is line i + 2 of a file whose cells have no line breaks. */
  readonly rows: readonly (readonly string[])[]
}

/** Comma, semicolon or tab. Damage, such as a quote that is never closed, is added to the problems. */
export function parseCsv(text: string, problems: DataProblems): CsvTable {
  const { data, errors } = papa.parse(text, { header: false })
  // A one-column file has no delimiter to find: papaparse says so and falls back to the comma, which is right.
  for (const error of errors)
    if (error.code !== 'UndetectableDelimiter')
      problems.add({ ...(error.row === undefined ? {} : { row: error.row + 1 }), message: error.message })
  const [header, ...rows] = data
  if (header === undefined) throw invalidDataset('the table is empty: it needs a header row and one row an example')
  return { header: header.map((name) => name.trim()), rows }
}

export const isBlank = (cells: readonly string[]): boolean => cells.every((cell) => cell.trim() === '')

/**
 * A table whose columns have a name each and whose rows are complete; blank lines stay.
 * @throws PanalError 'invalid-dataset'; `extra.errors` has the first 20 problems, each with its row or column
 */
export function readCsv(text: string): CsvTable {
  const problems = new DataProblems()
  const table = parseCsv(text, problems)
  const { header, rows } = table
  for (const name of new Set(header.filter((each, index) => header.indexOf(each) !== index)))
    problems.add({ column: name, message: 'there is more than one column of this name' })
  rows.forEach((cells, index) => {
    if (!isBlank(cells) && cells.length !== header.length)
      problems.add({ row: index + 2, message: `${cells.length} values where the header has ${header.length}` })
  })
  problems.throwIfAny()
  return table
}
