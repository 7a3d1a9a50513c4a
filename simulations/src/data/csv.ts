import { isBlank, PanalError, readCsv } from '@panal/client-core'
import { DataFileError, messageOf } from './data-file-error.ts'
import type { RawTable } from './raw-table.ts'
import { readDataFile } from './read-data-file.ts'

/** A CSV file with a header row: UTF-8; comma, semicolon or tab; blank lines are none. Cells are text. */
export async function readCsvTable(path: string, signal?: AbortSignal): Promise<RawTable> {
  const { bytes, sha256 } = await readDataFile(path, signal)
  const { header, rows } = parse(decode(bytes, path), path)
  const kept = [...rows.keys()].filter((index) => !isBlank(rows[index]!))
  return {
    path,
    sha256,
    numRows: kept.length,
    columns: new Map(header.map((name, column) => [name, kept.map((index) => rows[index]![column]!)])),
    rowOf: (index) => kept[index]! + 2,
  }
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new DataFileError('malformed', path, 'it is not UTF-8 text. Save it as “CSV UTF-8”, or as Parquet', { cause })
  }
}

function parse(text: string, path: string) {
  try {
    return readCsv(text)
  } catch (cause) {
    if (!(cause instanceof PanalError)) throw cause
    const [first] = (cause.extra['errors'] ?? []) as { row?: number; column?: string; message: string }[]
    const { row, column, message = messageOf(cause) } = first ?? {}
    throw new DataFileError('malformed', path, `${message}. Correct the table`, { cause, row, column })
  }
}
