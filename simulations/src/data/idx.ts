import { DataFileError } from './data-file-error.ts'

const types = {
  0x08: { name: 'unsigned byte', bytesEach: 1 },
  0x09: { name: 'signed byte', bytesEach: 1 },
  0x0b: { name: 'int16', bytesEach: 2 },
  0x0c: { name: 'int32', bytesEach: 4 },
  0x0d: { name: 'float32', bytesEach: 4 },
  0x0e: { name: 'float64', bytesEach: 8 },
} as const
type TypeCode = keyof typeof types

/** One array, as an IDX file holds it. */
export interface IdxArray<Values = Uint8Array> {
  readonly shape: readonly number[]
  /** Row-major. */
  readonly values: Values
}

const unsignedByte = 0x08

/**
 * Reads an IDX file of any type and rank: two zero bytes, the type, the rank, big-endian uint32 lengths, then exactly as
 * many big-endian values. Bytes come as a view of the file, other types as a copy.
 * Source: the format's description at the end of yann.lecun.com/exdb/mnist.
 * @throws DataFileError 'malformed', with the byte at which it is
 */
export function readIdxArray(bytes: Uint8Array, path: string): IdxArray<Uint8Array | Float64Array> {
  const wrong = (byteOffset: number, what: string) =>
    new DataFileError('malformed', path, `it is not an IDX file: ${what}. Fetch it again`, { byteOffset })
  if (bytes.length < 4) throw wrong(bytes.length, `${bytes.length} bytes are too few for a header`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint16(0) !== 0) throw wrong(0, 'it does not start with two zero bytes')
  const code = view.getUint8(2)
  if (!isType(code)) throw wrong(2, `type 0x${code.toString(16)} is not known`)
  const rank = view.getUint8(3)
  if (rank === 0) throw wrong(3, '0 dimensions')
  const headerLength = 4 + 4 * rank
  if (bytes.length < headerLength) throw wrong(bytes.length, `${bytes.length} bytes are too few for a header`)
  const shape = Array.from({ length: rank }, (_, dimension) => view.getUint32(4 + 4 * dimension))
  if (shape.includes(0)) throw wrong(4 + 4 * shape.indexOf(0), `shape [${shape.join(', ')}] has an empty dimension`)
  const expected = shape.reduce((product, length) => product * length, 1)
  const { bytesEach } = types[code]
  const numValues = (bytes.length - headerLength) / bytesEach
  if (numValues !== expected)
    throw wrong(
      Math.min(bytes.length, headerLength + expected * bytesEach),
      `${numValues} values where shape [${shape.join(', ')}] needs ${expected}`,
    )
  if (code === unsignedByte) return { shape, values: bytes.subarray(headerLength) }
  const read = readers[code]
  return { shape, values: Float64Array.from({ length: expected }, (_, i) => read(view, headerLength + i * bytesEach)) }
}

const readers: Readonly<Record<TypeCode, (view: DataView, at: number) => number>> = {
  0x08: (view, at) => view.getUint8(at),
  0x09: (view, at) => view.getInt8(at),
  0x0b: (view, at) => view.getInt16(at),
  0x0c: (view, at) => view.getInt32(at),
  0x0d: (view, at) => view.getFloat32(at),
  0x0e: (view, at) => view.getFloat64(at),
}

const isType = (code: number): code is TypeCode => Object.hasOwn(types, code)

/** The same, where only unsigned bytes of `rank` dimensions will do. @throws DataFileError 'malformed' */
export function readIdx(bytes: Uint8Array, rank: number, path: string): IdxArray {
  const { shape, values } = readIdxArray(bytes, path)
  const wrong = (byteOffset: number, what: string) =>
    new DataFileError('malformed', path, `${what}. Is it the right file?`, { byteOffset })
  if (!(values instanceof Uint8Array)) throw wrong(2, `type 0x${bytes[2]!.toString(16)} where 0x08 is needed`)
  if (shape.length !== rank) throw wrong(3, `${shape.length} dimensions where ${rank} are needed`)
  return { shape, values }
}
