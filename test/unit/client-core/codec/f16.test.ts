import { describe, expect, it } from '@jest/globals'
import { codecs, makeLayout } from '@panal/client-core'

const bitsOf = (value: number): number => {
  const bytes = codecs.f16.encode(Float32Array.of(value), makeLayout([{ name: 'w', shape: [1] }]))
  return bytes[0]! | (bytes[1]! << 8)
}

describe('codec f16', () => {
  // Bit patterns from IEEE 754-2019 binary16 (sign 1, exponent 5 with bias 15, fraction 10).
  it.each([
    [1, 0x3c00],
    [-2, 0xc000],
    [65_504, 0x7bff], // the largest
    [2 ** -14, 0x0400], // the smallest normal
    [2 ** -24, 0x0001], // the smallest subnormal
    [1023 * 2 ** -24, 0x03ff], // the largest subnormal
    [1 / 3, 0x3555],
    [0, 0x0000],
    [-0, 0x8000],
    [Infinity, 0x7c00],
  ])('%p encodes to the bits %p', (value, bits) => {
    expect(bitsOf(value)).toBe(bits)
  })

  it('rounds ties to even', () => {
    expect(bitsOf(1 + 2 ** -11)).toBe(0x3c00) // half-way between 0x3c00 and 0x3c01
    expect(bitsOf(1 + 3 * 2 ** -11)).toBe(0x3c02) // half-way between 0x3c01 and 0x3c02
    expect(bitsOf(2 ** -25)).toBe(0x0000) // half-way between 0 and the smallest subnormal
    expect(bitsOf(3 * 2 ** -25)).toBe(0x0002)
    expect(bitsOf(2047 * 2 ** -25)).toBe(0x0400) // a subnormal that rounds up to the smallest normal
  })

  it('clamps what would round to Infinity', () => {
    expect(bitsOf(65_520)).toBe(0x7bff)
    expect(bitsOf(-3e38)).toBe(0xfbff)
  })

  it('decodes every finite half to the value that encodes to it', () => {
    const halves = Uint16Array.from({ length: 65_536 }, (_, i) => i).filter((half) => (half & 0x7c00) !== 0x7c00)
    const layout = makeLayout([{ name: 'w', shape: [halves.length] }])
    const bytes = new Uint8Array(halves.buffer)
    expect(codecs.f16.encode(codecs.f16.decode(bytes, layout), layout)).toEqual(bytes)
  })
})
