import type { Params } from '../model/layout.ts'
import type { UpdateCodec } from './codec.ts'
import { checkDelta, checkLength } from './length.ts'

const bytesEach = 2

// Float32 bit patterns of magnitudes.
const infinity32 = 0x7f800000
const firstAboveRange = 0x477ff000 // 65,520: from here on, rounding would give Infinity
// Float16 bit patterns.
const largest16 = 0x7bff // 65,504
const infinity16 = 0x7c00
const nan16 = 0x7e00

const scratchFloat = new Float32Array(1)
const scratchBits = new Uint32Array(scratchFloat.buffer)

/**
 * For each biased float32 exponent, a power of two whose own spacing as a float32 is that of halves of that exponent,
 * so that adding it rounds a value as a half must be (to nearest, ties to even), and leaves its bits at the bottom.
 * Halves end at exponent −14; below, they are subnormal and keep its spacing, 2^-24.
 */
const halfExponents = Array.from({ length: 256 }, (_, biased) => Math.max(biased - 127, -14))
const rounders = Float32Array.from(halfExponents, (exponent) => 2 ** Math.min(exponent + 13, 127))
/** What turns the bits of such a sum into those of the half. */
const corrections = Int32Array.from(
  halfExponents,
  (exponent, biased) => ((exponent + 14) << 10) - new Uint32Array(rounders.buffer)[biased]!,
)

/** Rounds to nearest, ties to even; a finite value never becomes infinite. No branch depends on ordinary values. */
function encodeInto(delta: Params, out: Uint16Array): void {
  const bits = new Uint32Array(delta.buffer, delta.byteOffset, delta.length)
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i]!
    const sign = (word >>> 16) & 0x8000
    const magnitude = word & 0x7fffffff
    if (magnitude < firstAboveRange) {
      const exponent = magnitude >>> 23
      scratchFloat[0] = Math.abs(delta[i]!) + rounders[exponent]!
      out[i] = sign | (scratchBits[0]! + corrections[exponent]!)
    } else out[i] = sign | (magnitude < infinity32 ? largest16 : magnitude === infinity32 ? infinity16 : nan16)
  }
}

function valueOf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >>> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

let decodeTable: Float32Array | undefined
/** Every half there is, 256 KiB, made once: a look-up takes the place of arithmetic on each value's bits. */
const table = (): Float32Array => (decodeTable ??= Float32Array.from({ length: 65_536 }, (_, half) => valueOf(half)))

/**
 * Little-endian IEEE 754 half floats: 2 bytes a param. Rounded to nearest, ties to even:
 * error ≤ 2^-11 · |x| for 2^-14 ≤ |x| ≤ 65,504 and ≤ 2^-25 below; larger finite values are clamped to ±65,504.
 * NaN and ±Infinity come through. Time O(size).
 */
export const f16: UpdateCodec = {
  name: 'f16',
  maxBytes: (layout) => layout.size * bytesEach,

  encode(delta, layout) {
    checkDelta(delta, layout)
    const halves = new Uint16Array(delta.length)
    encodeInto(delta, halves)
    return new Uint8Array(halves.buffer)
  },

  decode(bytes, layout, out) {
    checkLength(bytes, layout, bytesEach)
    const params = out ?? new Float32Array(layout.size)
    checkDelta(params, layout)
    const aligned = bytes.byteOffset % bytesEach === 0 ? bytes : new Uint8Array(bytes)
    const halves = new Uint16Array(aligned.buffer, aligned.byteOffset, layout.size)
    const values = table()
    for (let i = 0; i < halves.length; i++) params[i] = values[halves[i]!]!
    return params
  },
}
