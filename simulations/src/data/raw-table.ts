/**
 * A table as a file holds it. A cell is a string, a number, a bigint, a boolean, a Date, bytes, a list of numbers, an object of
 * such, or null or undefined where it is missing.
 */
export interface RawTable {
  readonly path: string
  readonly sha256: string
  readonly numRows: number
  /** In the file's order. */
  readonly columns: ReadonlyMap<string, ArrayLike<unknown>>
  /** The row as a person finds it in the file; see `Place`. */
  rowOf(index: number): number
}

/** Reads one format. @throws DataFileError */
export type ReadTable = (path: string, signal?: AbortSignal) => Promise<RawTable>

/** A cell as CSV would have it; '' where missing. Undefined for what has no text: lists, objects, bytes that are no UTF-8. */
export function cellText(cell: unknown): string | undefined {
  if (cell === null || cell === undefined) return ''
  if (typeof cell === 'string') return cell.trim()
  if (typeof cell === 'number') return Number.isNaN(cell) ? '' : String(cell)
  if (typeof cell === 'bigint' || typeof cell === 'boolean') return String(cell)
  if (cell instanceof Date) return Number.isNaN(cell.getTime()) ? '' : cell.toISOString()
  return cell instanceof Uint8Array ? asUtf8(cell) : undefined
}

/** TFRecord files have no other texts than bytes. */
function asUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim()
  } catch {
    return undefined
  }
}

/** The numbers of a list; undefined where it is none. */
export function cellNumbers(cell: unknown): ArrayLike<number> | undefined {
  if (typeof cell === 'number') return [cell]
  if (cell instanceof Uint8Array || cell instanceof Float32Array || cell instanceof Float64Array) return cell
  if (typeof cell !== 'object' || cell === null || !(Symbol.iterator in cell)) return undefined
  const numbers: number[] = []
  for (const each of cell as Iterable<unknown>) {
    if (typeof each !== 'number' && typeof each !== 'bigint') {
      const inner = cellNumbers(each)
      if (inner === undefined) return undefined
      numbers.push(...Array.from(inner))
    } else numbers.push(Number(each))
  }
  return numbers
}

/** Bytes, or the `bytes` of an object, as images are stored by data set hubs. */
export function cellBytes(cell: unknown): Uint8Array | undefined {
  if (cell instanceof Uint8Array) return cell
  const inner = typeof cell === 'object' && cell !== null && 'bytes' in cell ? cell.bytes : undefined
  return inner instanceof Uint8Array ? inner : undefined
}
