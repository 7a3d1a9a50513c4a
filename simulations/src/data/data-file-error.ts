/** Why data cannot be used. docs/simulation-data.md lists the same codes. */
export const dataFileErrors = {
  'missing-file': 'there is no such file or folder',
  'unreadable-file': 'the file system does not let it be read, or not whole',
  malformed: 'the bytes are not what the format says they must be',
  checksum: 'a checksum does not fit the bytes that it vouches for',
  unsupported: 'the format allows it, and it is not read here',
  'unknown-column': 'the data have no such column',
  'missing-label': 'an example has no label',
  'unknown-label': 'a label is none of the classes',
  'bad-cell': 'a value is not of the kind that its column needs',
  'uneven-examples': 'examples differ in shape',
  'no-examples': 'there are no examples',
  'bad-split': 'it is not said, or said twice, what is tested on',
} as const

export type DataFileErrorCode = keyof typeof dataFileErrors

/** A place in a file, as far as it is known. */
export interface Place {
  /** Counts from 1; in CSV the header is row 1. */
  readonly row?: number | undefined
  readonly column?: string | undefined
  /** From the file's first byte, after it was decompressed. */
  readonly byteOffset?: number | undefined
}

/** The message is a sentence for the person whose data it is: which file, where in it, what is wrong, what to do. */
export class DataFileError extends Error {
  override readonly name = 'DataFileError'
  readonly code: DataFileErrorCode
  readonly path: string
  readonly place: Place
  constructor(
    code: DataFileErrorCode,
    path: string,
    says: string,
    { cause, ...place }: Place & { readonly cause?: unknown } = {},
  ) {
    const where = [
      path,
      ...(place.row === undefined ? [] : [`row ${place.row}`]),
      ...(place.column === undefined ? [] : [`column ${place.column}`]),
      ...(place.byteOffset === undefined ? [] : [`byte ${place.byteOffset}`]),
    ]
    super(`${where.join(', ')}: ${says}`, cause === undefined ? {} : { cause })
    this.code = code
    this.path = path
    this.place = place
  }
}

/** What a library says of bytes that it cannot read. */
export const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
