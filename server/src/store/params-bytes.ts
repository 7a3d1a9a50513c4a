import type { Params } from '@panal/client-core'

/** Weights as they are stored and served: little-endian float32. A view, not a copy. */
export const paramsToBytes = (params: Params): Uint8Array =>
  new Uint8Array(params.buffer, params.byteOffset, params.byteLength)

/** The inverse, for bytes at any offset. @throws RangeError on a length that is no multiple of 4 */
export function bytesToParams(bytes: Uint8Array): Params {
  if (bytes.length % 4 !== 0) throw new RangeError(`${bytes.length} bytes are no float32 vector`)
  // A Node Buffer is often a view into a pool at an odd offset: those bytes have to move.
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes)
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4)
}
