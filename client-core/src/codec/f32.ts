import type { UpdateCodec } from './codec.ts'
import { checkDelta, checkLength } from './length.ts'

const bytesEach = 4

/** Raw little-endian IEEE 754 single floats in layout order: 4 bytes a param, no error. */
export const f32: UpdateCodec = {
  name: 'f32',
  isPlain: true,
  maxBytes: (layout) => layout.size * bytesEach,

  encode(delta, layout) {
    checkDelta(delta, layout)
    // A copy: the caller may go on using its delta while the bytes wait for the network.
    return new Uint8Array(new Uint8Array(delta.buffer, delta.byteOffset, delta.byteLength))
  },

  /** Without `out`, an aligned view is answered as a view of the same memory, any other as a copy. */
  decode(bytes, layout, out) {
    checkLength(bytes, layout, bytesEach)
    if (out === undefined && bytes.byteOffset % bytesEach === 0)
      return new Float32Array(bytes.buffer, bytes.byteOffset, layout.size)
    const params = out ?? new Float32Array(layout.size)
    checkDelta(params, layout)
    new Uint8Array(params.buffer, params.byteOffset, params.byteLength).set(bytes)
    return params
  },
}
