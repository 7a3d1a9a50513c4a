import { describe, expect, it } from '@jest/globals'
import { codecs, makeLayout, PanalError, type CodecName } from '@panal/client-core'
import fc from 'fast-check'

/** The error each codec's docstring promises for one finite value. */
const errorBound: Record<CodecName, (value: number) => number> = {
  f32: () => 0,
  f16: (value) =>
    Math.abs(value) > 65_504 ? Math.abs(value) - 65_504 : Math.max(2 ** -25, 2 ** -11 * Math.abs(value)),
}

const layoutFor = (size: number) => makeLayout([{ name: 'w', shape: [size] }])
const anyFloat = fc.float({ noNaN: true, noDefaultInfinity: true })
const smallFloat = fc.float({ min: Math.fround(-0.1), max: Math.fround(0.1), noNaN: true })
const delta = fc
  .array(fc.oneof(anyFloat, smallFloat), { minLength: 1, maxLength: 200 })
  .map((values) => Float32Array.from(values))

/** A copy at an odd byte offset, as a Buffer that is a view into a pool would be. */
function atOddOffset(bytes: Uint8Array): Uint8Array {
  const pool = new Uint8Array(bytes.length + 16).fill(0xa5)
  pool.set(bytes, 3)
  return pool.subarray(3, 3 + bytes.length)
}

const codeOf = (action: () => unknown): string => {
  try {
    action()
  } catch (error) {
    if (error instanceof PanalError) return error.code
    throw error
  }
  return 'accepted'
}

for (const name of Object.keys(codecs) as CodecName[])
  describe(`codec ${name}`, () => {
    const codec = codecs[name]

    it('is called what its registry key says', () => {
      expect(codec.name).toBe(name)
    })

    it('round-trips within its stated error, also from a view at an odd offset', () => {
      fc.assert(
        fc.property(delta, (values) => {
          const layout = layoutFor(values.length)
          const bytes = codec.encode(values, layout)
          for (const view of [bytes, atOddOffset(bytes)])
            codec.decode(view, layout).forEach((decoded, i) => {
              expect(Math.abs(decoded - values[i]!)).toBeLessThanOrEqual(errorBound[name](values[i]!))
            })
        }),
      )
    })

    it('never makes an infinite value of a finite one', () => {
      fc.assert(
        fc.property(delta, (values) => {
          const layout = layoutFor(values.length)
          expect(codec.decode(codec.encode(values, layout), layout).every(Number.isFinite)).toBe(true)
        }),
      )
    })

    it('encodes what it decoded to the same bytes', () => {
      fc.assert(
        fc.property(delta, (values) => {
          const layout = layoutFor(values.length)
          const once = codec.encode(values, layout)
          expect(codec.encode(codec.decode(once, layout), layout)).toEqual(once)
        }),
      )
    })

    it('stays within maxBytes, which is exact', () => {
      fc.assert(
        fc.property(delta, (values) => {
          const layout = layoutFor(values.length)
          expect(codec.encode(values, layout).length).toBe(codec.maxBytes(layout))
        }),
      )
    })

    it('writes into `out` where given, and answers it', () => {
      const layout = layoutFor(3)
      const bytes = codec.encode(Float32Array.of(1, -0.5, 0.25), layout)
      const whole = new Float32Array(5).fill(9)
      const out = whole.subarray(1, 4)
      expect(codec.decode(atOddOffset(bytes), layout, out)).toBe(out)
      expect(Array.from(whole)).toEqual([9, 1, -0.5, 0.25, 9])
      expect(() => codec.decode(bytes, layout, new Float32Array(2))).toThrow(RangeError)
    })

    it('encodes a view of a larger vector, and copies: the delta may change afterwards', () => {
      const layout = layoutFor(2)
      const delta = Float32Array.of(7, 1, 2, 7).subarray(1, 3)
      const bytes = codec.encode(delta, layout)
      delta.fill(3)
      expect(Array.from(codec.decode(bytes, layout))).toEqual([1, 2])
    })

    it('lets NaN and ±Infinity through for the checks to refuse', () => {
      const values = Float32Array.of(NaN, Infinity, -Infinity, 0, -0)
      const layout = layoutFor(values.length)
      expect(Array.from(codec.decode(codec.encode(values, layout), layout))).toEqual([NaN, Infinity, -Infinity, 0, -0])
    })

    it('refuses bytes of another number of params as wrong-length, and torn ones as undecodable', () => {
      const layout = layoutFor(4)
      const bytes = codec.encode(new Float32Array(4), layout)
      const each = bytes.length / 4
      expect(codeOf(() => codec.decode(bytes.subarray(0, 3 * each), layout))).toBe('wrong-length')
      expect(codeOf(() => codec.decode(new Uint8Array(5 * each), layout))).toBe('wrong-length')
      expect(codeOf(() => codec.decode(new Uint8Array(0), layout))).toBe('wrong-length')
      expect(codeOf(() => codec.decode(bytes.subarray(0, bytes.length - 1), layout))).toBe('undecodable')
      expect(codeOf(() => codec.decode(bytes, layout))).toBe('accepted')
    })

    it('treats a delta that does not fit its layout as a bug', () => {
      expect(() => codec.encode(new Float32Array(3), layoutFor(4))).toThrow(RangeError)
    })
  })
