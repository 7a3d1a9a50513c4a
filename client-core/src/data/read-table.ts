import type { TableSchema } from '../protocol/data-schema.ts'
import type { Dataset } from './dataset.ts'
import { isMissing, numFeatures, rowEncoder } from './preprocess.ts'
import { DataProblems, invalidDataset, type DataProblem } from './problems.ts'
import { isBlank, parseCsv } from './read-csv.ts'

export interface ReadTableOptions {
  /**
   * What to do with a row that has no label. `required` (the default): a problem, for evaluation data must not shrink
   * in silence. `skip`: the row is left out, for a person's own file may hold cases not decided yet.
   */
  readonly labels?: 'required' | 'skip'
  /** Given: a row that cannot be read is left out and told here, with its first problem, instead of failing the file. */
  readonly onRefusedRow?: (problem: DataProblem) => void
}

/** Where each named column lies; -1 and a problem where it does not. */
function locate(header: readonly string[], names: readonly string[], problems: DataProblems): number[] {
  for (const name of new Set(header.filter((name, index) => header.indexOf(name) !== index)))
    problems.add({ column: name, message: 'there is more than one column of this name' })
  return names.map((name) => {
    const index = header.indexOf(name)
    if (index === -1) problems.add({ column: name, message: 'this column is missing' })
    return index
  })
}

/**
 * A CSV table (header row; comma, semicolon or tab) to examples: features by the statistics of `schema`, labels to
 * class indices. Columns that the schema does not name are kept in `columns` and are no features.
 * @throws PanalError 'invalid-dataset'; `extra.errors` has the first 20 problems, each with its row and column.
 */
export function readTable(text: string, schema: TableSchema, options: ReadTableOptions = {}): Dataset {
  const { labels = 'required', onRefusedRow } = options
  const problems = new DataProblems()
  const { header, rows } = parseCsv(text, problems)
  const featureAt = locate(header, [...schema.columns.map(({ name }) => name), schema.label.column], problems)
  const labelAt = featureAt.pop()!
  problems.throwIfAny()

  const width = numFeatures(schema)
  const classIndex = new Map(schema.classes.map((name, index) => [name, index]))
  const encode = rowEncoder(schema)
  const x = new Float32Array(rows.length * width)
  const y = new Int32Array(rows.length)
  const kept: (readonly string[])[] = []
  let refusedRow = 0
  const refuse = (problem: DataProblem & { readonly row: number }): void => {
    if (onRefusedRow === undefined) problems.add(problem)
    else if (problem.row !== refusedRow) onRefusedRow(problem)
    refusedRow = problem.row
  }
  rows.forEach((cells, index) => {
    const row = index + 2
    if (isBlank(cells)) return
    if (cells.length !== header.length)
      return refuse({ row, message: `${cells.length} values where the header has ${header.length}` })
    const label = cells[labelAt]!.trim()
    const classOf = classIndex.get(label)
    if (classOf === undefined) {
      if (!isMissing(label)) refuse({ row, column: schema.label.column, message: 'not one of the classes' })
      else if (labels === 'required') refuse({ row, column: schema.label.column, message: 'the label is missing' })
      return
    }
    const features = x.subarray(kept.length * width, (kept.length + 1) * width)
    encode(
      (columnIndex) => cells[featureAt[columnIndex]!]!,
      features,
      (column, message) => refuse({ row, column, message }),
    )
    if (refusedRow === row) {
      features.fill(0)
      return
    }
    y[kept.length] = classOf
    kept.push(cells)
  })
  problems.throwIfAny()
  if (kept.length === 0) throw invalidDataset('the table has no examples')
  return {
    numExamples: kept.length,
    inputShape: [width],
    x: x.subarray(0, kept.length * width),
    y: y.subarray(0, kept.length),
    columns: Object.fromEntries(
      header.map((name, index) => [name, kept.map((cells) => (isMissing(cells[index]!) ? '' : cells[index]!.trim()))]),
    ),
  }
}

/**
 * One case without a label, as a form gives it; a column that is absent is missing.
 * @throws PanalError 'invalid-dataset'; `extra.errors` names each column that cannot be read.
 */
export function encodeRow(row: Readonly<Record<string, string>>, schema: TableSchema): Float32Array {
  const problems = new DataProblems()
  const features = new Float32Array(numFeatures(schema))
  rowEncoder(schema)(
    (columnIndex) => row[schema.columns[columnIndex]!.name] ?? '',
    features,
    (column, message) => problems.add({ column, message }),
  )
  problems.throwIfAny()
  return features
}

/** UTF-8, with or without a byte order mark. @throws PanalError 'invalid-dataset' on anything else. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw invalidDataset('the table is not UTF-8 text', cause)
  }
}
