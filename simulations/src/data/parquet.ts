import { parquetMetadata, parquetReadObjects, parquetSchema } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { DataFileError, messageOf } from './data-file-error.ts'
import type { RawTable } from './raw-table.ts'
import { readDataFile } from './read-data-file.ts'

/** A Parquet file, all columns. Bytes that are not marked as text stay bytes. Memory: the whole table. */
export async function readParquetTable(path: string, signal?: AbortSignal): Promise<RawTable> {
  const { bytes, sha256 } = await readDataFile(path, signal)
  const damaged = (cause: unknown): never => {
    throw new DataFileError('malformed', path, `it cannot be read as Parquet (${messageOf(cause)}). Write it again`, {
      cause,
    })
  }
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
  const metadata = await Promise.resolve()
    .then(() => parquetMetadata(file))
    .catch(damaged)
  const names = parquetSchema(metadata).children.map(({ element }) => element.name)
  const rows = await parquetReadObjects({ file, metadata, compressors, utf8: false }).catch(damaged)
  if (rows.length !== Number(metadata.num_rows)) damaged(`${rows.length} rows where it announces ${metadata.num_rows}`)
  return {
    path,
    sha256,
    numRows: rows.length,
    columns: new Map(names.map((name) => [name, rows.map((row) => row[name] as unknown)])),
    rowOf: (index) => index + 1,
  }
}
