import { createHash } from 'node:crypto'
import { RecordedError, shown } from './recorded-error.ts'
import type { RecordedRows } from './read-rows.ts'
import { modelNames } from './roles.ts'

/** Rows in the order of their ids, whatever order the file has them in. */
export interface RowOrder {
  /** [numRows] index into the file's rows. */
  readonly rows: Int32Array
  /** [numRows] rising, no two alike. */
  readonly ids: readonly string[]
}

/** By the ids that the data give. @throws RecordedError 'duplicate-id' */
export function orderById({ ids, numbers }: Pick<RecordedRows, 'ids' | 'numbers'>): RowOrder {
  const rows = sortedRows(ids)
  let repeated: { first: number; again: number } | undefined
  for (let i = 1; i < rows.length; i++) {
    const [first, again] = [rows[i - 1]!, rows[i]!]
    if (ids[first] === ids[again] && (repeated === undefined || again < repeated.again)) repeated = { first, again }
  }
  if (repeated !== undefined)
    throw new RecordedError(
      'duplicate-id',
      `row ${numbers[repeated.again]!}: the id ${shown(ids[repeated.again]!)} is that of row ${numbers[repeated.first]!} as well. Each row must have its own; without --id, rows are told apart by their content`,
    )
  return { rows, ids: Array.from(rows, (row) => ids[row]!) }
}

/**
 * By content. Rows alike in content are different examples all the same: the second and each further one gets an id made
 * of the content's and its place among them, which goes by their split and by what the models say of them. Rows alike in
 * that too are interchangeable, so that the order of the file cannot show.
 */
export function orderByContent({
  ids,
  probabilities,
  splits,
}: Pick<RecordedRows, 'ids' | 'probabilities' | 'splits'>): RowOrder {
  const byPredictions = comparePredictions(probabilities, ids.length)
  const codes = splits?.codes
  const splitOf = (row: number) => splits?.values[codes![row]!] ?? ''
  const bySplit = (a: number, b: number) => compareTexts(splitOf(a), splitOf(b))
  const tieBreak = (a: number, b: number) => bySplit(a, b) || byPredictions(a, b)
  const byContent = sortedRows(ids, tieBreak)
  const own: string[] = new Array<string>(ids.length)
  let place = 0
  byContent.forEach((row, i) => {
    place = i > 0 && ids[byContent[i - 1]!] === ids[row] ? place + 1 : 0
    own[row] = place === 0 ? ids[row]! : nextId(ids[row]!, place)
  })
  const rows = sortedRows(own)
  return { rows, ids: Array.from(rows, (row) => own[row]!) }
}

const nextId = (id: string, place: number): string =>
  createHash('sha256').update(`${id}/${place}`).digest().toString('hex', 0, 8)

/** By code units, not by any language's rules; then by `tieBreak`, then as in the file. */
const sortedRows = (ids: readonly string[], tieBreak: (a: number, b: number) => number = () => 0): Int32Array =>
  Int32Array.from(ids.keys()).sort((a, b) => compareTexts(ids[a]!, ids[b]!) || tieBreak(a, b) || a - b)

const compareTexts = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)

/** Champion first, candidate last: another candidate rarely changes which row is which. */
function comparePredictions(of: RecordedRows['probabilities'], numRows: number): (a: number, b: number) => number {
  const all = [...modelNames].reverse().flatMap((name) => of[name] ?? [])
  return (a, b) => {
    for (const probabilities of all) {
      const width = probabilities.length / numRows
      for (let i = 0; i < width; i++) {
        const difference = probabilities[a * width + i]! - probabilities[b * width + i]!
        if (difference !== 0) return difference
      }
    }
    return 0
  }
}
