import { asyncBufferFromFile, parquetMetadataAsync, parquetRead, parquetSchema } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { RecordedError } from './recorded-error.ts'
import type { OnRead, RowBatch, TableFile } from './table-file.ts'

const rowsInBatch = 8192

/** Row group by row group, and of each only the columns asked for. Memory: those columns of one row group. */
export async function openParquetFile(path: string, onRead: OnRead): Promise<TableFile> {
  const damaged = (cause: unknown): never => {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new RecordedError('unreadable-file', `${path} cannot be read as Parquet: ${why}`, [], { cause })
  }
  const file = await asyncBufferFromFile(path).catch(damaged)
  const metadata = await parquetMetadataAsync(file).catch(damaged)
  const columns = parquetSchema(metadata).children.map(({ element }) => element.name)

  const readGroup = async (wanted: readonly string[], rowStart: number, rowEnd: number): Promise<Piece[][]> => {
    const pieces = new Map(wanted.map((name): [string, Piece[]] => [name, []]))
    await parquetRead({
      file,
      metadata,
      compressors,
      columns: [...wanted],
      rowStart,
      rowEnd,
      onChunk: ({ columnName, columnData, rowStart: from }) => {
        pieces.get(columnName)?.push({ from: from - rowStart, values: columnData })
      },
    }).catch(damaged)
    return [...pieces].map(([name, column]) => {
      const length = column.reduce((sum, { values }) => sum + values.length, 0)
      if (length !== rowEnd - rowStart) damaged(`column ${name} has ${length} values for ${rowEnd - rowStart} rows`)
      return column.sort((a, b) => a.from - b.from)
    })
  }

  async function* batches(wanted: readonly string[]): AsyncGenerator<RowBatch> {
    const numRows = Number(metadata.num_rows)
    let rowStart = 0
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows)
      if (rowEnd === rowStart) continue
      if (!(rowEnd > rowStart && rowEnd <= numRows)) damaged(`its row groups do not add up to ${numRows} rows`)
      const columns = (await readGroup(wanted, rowStart, rowEnd)).map(inTurn)
      for (let from = 0; from < rowEnd - rowStart; from += rowsInBatch) {
        const length = Math.min(rowsInBatch, rowEnd - rowStart - from)
        const first = rowStart + from + 1
        yield {
          numbers: Array.from({ length }, (_, i) => first + i),
          cells: columns.map((take) => take(length)),
        }
      }
      rowStart = rowEnd
      onRead(rowStart, numRows)
    }
  }
  return { columns, batches }
}

/** Consecutive values of a column as they were decoded: numbers stay in typed arrays. */
interface Piece {
  readonly from: number
  readonly values: ArrayLike<unknown>
}

/** The next so many cells of a column, at each call. */
function inTurn(pieces: readonly Piece[]): (count: number) => string[] {
  let [piece, at] = [0, 0]
  return (count) => {
    const cells: string[] = []
    while (cells.length < count && piece < pieces.length) {
      const { values } = pieces[piece]!
      const end = Math.min(values.length, at + count - cells.length)
      while (at < end) cells.push(asText(values[at++]))
      if (at === values.length) [piece, at] = [piece + 1, 0]
    }
    return cells
  }
}

/** A value as CSV would have it. */
function asText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return value.trim()
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each))
}
