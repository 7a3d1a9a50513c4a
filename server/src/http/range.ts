/** Bytes `start`…`end` of a file, both inclusive. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * One `Range` header (RFC 9110 §14) over `size` bytes. `whole`: there is none, or one that may be ignored (another
 * unit, several ranges). `unsatisfiable`: it starts past the end.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | 'whole' | 'unsatisfiable' {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '')
  if (match === null) return 'whole'
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return 'whole'
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(first)
  if (start >= size) return 'unsatisfiable'
  if (last === '') return { start, end: size - 1 }
  const end = Math.min(Number(last), size - 1)
  return end < start ? 'whole' : { start, end }
}

/** Where a `Content-Range: bytes <start>-<end>/<size>` says that a resumed upload goes on; undefined if it is not one. */
export function parseContentRange(header: string): (ByteRange & { readonly size: number }) | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(header)
  if (match === null) return undefined
  const [start = 0, end = 0, size = 0] = match.slice(1).map(Number)
  return start <= end && end < size ? { start, end, size } : undefined
}
