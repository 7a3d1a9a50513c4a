/** One array of unsigned bytes, as an IDX file holds it. */
export interface IdxArray {
  readonly shape: readonly number[]
  /** Row-major; a view of the file's bytes. */
  readonly values: Uint8Array
}

const unsignedByte = 0x08

/**
 * Reads an IDX file of unsigned bytes with `rank` dimensions: two zero bytes, the type, the rank, big-endian uint32
 * lengths, then exactly as many values. Source: the format's description at the end of yann.lecun.com/exdb/mnist.
 * @throws RangeError that names what is wrong
 */
export function readIdx(bytes: Uint8Array, rank: number, name: string): IdxArray {
  const wrong = (what: string) => new RangeError(`${name} is not an IDX file of bytes: ${what}`)
  const headerLength = 4 + 4 * rank
  if (bytes.length < headerLength) throw wrong(`${bytes.length} bytes are too few for a header`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint16(0) !== 0) throw wrong('it does not start with two zero bytes')
  if (view.getUint8(2) !== unsignedByte) throw wrong(`type 0x${view.getUint8(2).toString(16)} where 0x08 is needed`)
  if (view.getUint8(3) !== rank) throw wrong(`${view.getUint8(3)} dimensions where ${rank} are needed`)
  const shape = Array.from({ length: rank }, (_, dimension) => view.getUint32(4 + 4 * dimension))
  if (shape.includes(0)) throw wrong(`shape [${shape.join(', ')}] has an empty dimension`)
  const expected = shape.reduce((product, length) => product * length, 1)
  if (bytes.length - headerLength !== expected)
    throw wrong(`${bytes.length - headerLength} values where shape [${shape.join(', ')}] needs ${expected}`)
  return { shape, values: bytes.subarray(headerLength) }
}
