import { createHash } from 'node:crypto'
import { Cells, detached, float32s, float64s, int32s, Texts } from './cells.ts'
import { digestNumber } from './contents.ts'
import { classesOf, Labels } from './labels.ts'
import { isNumeral, ProbabilityReader } from './probabilities.ts'
import { RecordedError } from './recorded-error.ts'
import type { ModelName, Roles } from './roles.ts'
import type { RowBatch, TableFile } from './table-file.ts'

/** All that a file says of its rows, in the file's order. */
export interface RecordedRows {
  readonly numRows: number
  /** [numRows] how the file counts each. */
  readonly numbers: Int32Array
  readonly classes: readonly string[]
  /** [numRows] index into `classes`. */
  readonly labels: Int32Array
  /** [numRows, numClasses] each. */
  readonly probabilities: { readonly [Name in ModelName]?: Float32Array }
  /** [numRows] as the data name them, or the content: the first 16 hex digits of its SHA-256, shared by equal rows. */
  readonly ids: readonly string[]
  /** [numRows] a digest of the columns that say what an example is; absent where there are none. */
  readonly contents?: Float64Array
  readonly clients?: Texts
  readonly splits?: Texts
  readonly features: ReadonlyMap<string, Cells>
}

/**
 * Reads a file once. The content of a row, where there is no id column, is its label, its client and all features: what
 * models say of it is no part.
 * @throws RecordedError, which names the first row where a column is wrong
 */
export async function readRows(file: TableFile, roles: Roles): Promise<RecordedRows> {
  const { label, id, client, split, features, content = features } = roles
  const models = Object.entries(roles.models)
  const wanted = [
    ...new Set([label, id, client, split, ...models.flatMap(([, { columns }]) => columns), ...features]),
  ].filter((name) => name !== undefined)
  const numbers = int32s()
  const labels = new Labels(label)
  const readers = models.map(([name, of]) => ({ name, reader: new ProbabilityReader(name, of.columns, float32s()) }))
  const ids: string[] = []
  const clients = client === undefined ? undefined : new Texts()
  const splits = split === undefined ? undefined : new Texts()
  const cells = new Map(features.map((name) => [name, new Cells()]))
  const told = [label, ...(client === undefined ? [] : [client]), ...features].sort()
  const contents = content.length === 0 ? undefined : float64s()
  const inContent = [...content].sort()

  for await (const batch of file.batches(wanted)) {
    const column = (name: string) => batch.cells[wanted.indexOf(name)]!
    batch.numbers.forEach((number) => numbers.push(number))
    each(batch, label, column(label), (cell, number) => labels.add(cell, number))
    if (id !== undefined) each(batch, id, column(id), (cell) => ids.push(detached(cell)))
    else for (const digest of contentIds(batch, told.map(column))) ids.push(digest)
    if (contents !== undefined)
      for (const text of rowTexts(batch, inContent.map(column))) contents.push(digestNumber(text))
    if (client !== undefined) each(batch, client, column(client), (cell) => clients!.add(cell))
    if (split !== undefined) each(batch, split, column(split), (cell) => splits!.add(cell))
    for (const { reader } of readers) reader.add(batch, reader.columns.map(column))
    for (const [name, kept] of cells) for (const cell of column(name)) kept.add(cell)
  }

  if (numbers.length === 0) throw new RecordedError('empty-file', 'the data have a header and no rows')
  const { classes, labels: codes } = classesOf(labels, roles)
  return {
    numRows: numbers.length,
    numbers: numbers.values,
    classes,
    labels: codes,
    probabilities: Object.fromEntries(readers.map(({ name, reader }) => [name, reader.values])),
    ids,
    ...(contents && { contents: contents.values }),
    ...(clients && { clients }),
    ...(splits && { splits }),
    features: cells,
  }
}

/** Cells of a column that must not be empty. */
function each(
  { numbers }: RowBatch,
  name: string,
  cells: readonly string[],
  use: (cell: string, number: number) => void,
): void {
  cells.forEach((cell, i) => {
    if (cell === '')
      throw new RecordedError('missing-value', `row ${numbers[i]!}: ${name} is empty; fill it in, or leave the row out`)
    use(cell, numbers[i]!)
  })
}

const contentIds = (batch: RowBatch, columns: readonly (readonly string[])[]): string[] =>
  rowTexts(batch, columns).map((text) => createHash('sha256').update(text).digest().toString('hex', 0, 8))

/** Columns come in the order of their names, so that their order in the file is no matter; a number is the same however spelt. */
const rowTexts = ({ numbers }: RowBatch, columns: readonly (readonly string[])[]): string[] =>
  numbers.map((_, i) =>
    JSON.stringify(columns.map((cells) => (isNumeral(cells[i]!) ? String(Number(cells[i])) : cells[i]))),
  )
