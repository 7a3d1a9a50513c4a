import { open, stat } from 'node:fs/promises'
import { openCsvFile } from './csv-file.ts'
import { openParquetFile } from './parquet-file.ts'
import { RecordedError, unreadable } from './recorded-error.ts'

/** A table on disk that is read in pieces, so that its size is no matter. */
export interface TableFile {
  readonly columns: readonly string[]
  /**
   * All rows of these columns in the file's order, some thousands at a time. May be asked for once.
   * @throws RecordedError 'unreadable-file' | 'ragged-row'
   */
  batches(columns: readonly string[]): AsyncIterable<RowBatch>
}

export interface RowBatch {
  /** Of each row: of CSV as a spreadsheet counts, the header being row 1; of Parquet from 1. */
  readonly numbers: readonly number[]
  /** cells[column][i], in the order of the columns asked for: text without surrounding spaces, '' where missing. */
  readonly cells: readonly (readonly string[])[]
}

/** Told how much of a file has been read. */
export type OnRead = (done: number, of: number) => void

/**
 * CSV (UTF-8; comma, semicolon, tab or bar) or Parquet, told apart by how the file begins.
 * @throws RecordedError 'unreadable-file' | 'empty-file' | 'duplicate-column'
 */
export async function openTableFile(path: string, onRead: OnRead = () => undefined): Promise<TableFile> {
  const { isParquet, numBytes } = await look(path)
  if (numBytes === 0) throw new RecordedError('empty-file', `${path} is empty`)
  if (!isParquet && /\.parquet$/i.test(path))
    throw new RecordedError('unreadable-file', `${path} is no Parquet file: it does not begin with PAR1`)
  const file = isParquet ? await openParquetFile(path, onRead) : await openCsvFile(path, numBytes, onRead)
  const twice = file.columns.find((name, i) => file.columns.indexOf(name) < i)
  if (twice !== undefined)
    throw new RecordedError('duplicate-column', `${path} has more than one column ${twice}: rename one`)
  return file
}

async function look(path: string): Promise<{ isParquet: boolean; numBytes: number }> {
  try {
    const { size } = await stat(path)
    const handle = await open(path)
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0)
      return { isParquet: buffer.toString('latin1', 0, bytesRead) === 'PAR1', numBytes: size }
    } finally {
      await handle.close()
    }
  } catch (cause) {
    throw unreadable(path, cause)
  }
}
