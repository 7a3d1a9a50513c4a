import {
  CompressionType,
  compressionRegistry,
  DataType,
  StructRow,
  tableFromIPC,
  Vector,
  type Table,
} from 'apache-arrow'
import { decompress } from 'fzstd'
import { DataFileError, messageOf } from './data-file-error.ts'
import { decodeLz4Frame } from './lz4-frame.ts'
import type { RawTable } from './raw-table.ts'
import { readDataFile } from './read-data-file.ts'

const fileMagic = 'ARROW1'

// Feather files are LZ4 unless somebody says otherwise.
compressionRegistry.set(CompressionType.LZ4_FRAME, { decode: decodeLz4Frame })
// A copy: fzstd answers with views at odd offsets, over which no Float64Array can lie.
compressionRegistry.set(CompressionType.ZSTD, { decode: (bytes) => decompress(bytes).slice() })

/** An Arrow IPC file (Feather 2) or stream, plain, LZ4 or zstd, all columns. Dictionaries come as their values. */
export async function readArrowTable(path: string, signal?: AbortSignal): Promise<RawTable> {
  const { bytes, sha256 } = await readDataFile(path, signal)
  const table = parse(bytes, path)
  const columns = table.schema.fields.map(({ name, type }): [string, ArrayLike<unknown>] => {
    if (DataType.isDecimal(type) || DataType.isInterval(type))
      throw new DataFileError(
        'unsupported',
        path,
        `columns of type ${String(type)} are not read. Convert it to float64`,
        {
          column: name,
        },
      )
    return [name, cellsOf(table.getChild(name)!)]
  })
  return { path, sha256, numRows: table.numRows, columns: new Map(columns), rowOf: (index) => index + 1 }
}

function parse(bytes: Uint8Array, path: string): Table {
  const damaged = (why: string, cause?: unknown) =>
    new DataFileError('malformed', path, `it cannot be read as Arrow (${why}). Write it again`, { cause })
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, fileMagic.length))
  const tail = new TextDecoder('latin1').decode(bytes.subarray(-fileMagic.length))
  if (head === fileMagic && tail !== fileMagic) throw damaged('it begins as an Arrow file and does not end as one')
  let table: Table
  try {
    table = tableFromIPC(bytes)
  } catch (cause) {
    throw damaged(messageOf(cause), cause)
  }
  // What is no Arrow at all comes out as a table without columns.
  if (table.schema.fields.length === 0) throw damaged('it has no columns')
  return table
}

function cellsOf(vector: Vector): unknown[] {
  return Array.from({ length: vector.length }, (_, index) => {
    const cell: unknown = vector.get(index)
    if (cell instanceof Vector) return cell.toArray() as unknown
    return cell instanceof StructRow ? cell.toJSON() : cell
  })
}
