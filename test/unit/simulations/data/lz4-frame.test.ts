import { describe, expect, it } from '@jest/globals'
import { decodeLz4Frame } from '../../../../simulations/src/data/lz4-frame.ts'
import { dataBytes } from '../../../fixtures/data-files.ts'

describe('decodeLz4Frame', () => {
  it('reads linked blocks with checksums, as the lz4 program writes them', () => {
    const expected = Array.from({ length: 40_000 }, (_, i) => `${(i * i) % 977}\n`).join('')
    expect(new TextDecoder().decode(decodeLz4Frame(dataBytes('squares.lz4'))) === expected).toBe(true)
  })
  it('reads what could not be compressed', () => {
    const expected = Array.from({ length: 100 }, (_, i) => (31 * i * i + 7 * i) % 251)
    expect([...decodeLz4Frame(dataBytes('stored.lz4'))]).toEqual(expected)
  })

  // Magic, version 1 and independent blocks, 64 KB, a header checksum that is not looked at; then blocks.
  const frame = (...block: number[]) =>
    Uint8Array.of(4, 0x22, 0x4d, 0x18, 0x60, 0x40, 0, block.length, 0, 0, 0, ...block, 0, 0, 0, 0)
  it('repeats what it has just written', () => {
    // Two literals, then 4 + 15 + 1 from 2 bytes back; the last sequence has one literal.
    expect(new TextDecoder().decode(decodeLz4Frame(frame(0x2f, 97, 98, 2, 0, 1, 0x10, 99)))).toBe(`${'ab'.repeat(11)}c`)
  })
  it.each([
    ['something else', Uint8Array.of(1, 2, 3, 4, 5, 6, 7)],
    ['a frame that is cut short', dataBytes('squares.lz4').subarray(0, 1000)],
    ['a frame without its end', frame(0x10, 99).subarray(0, 13)],
    ['a match before the beginning', frame(0x10, 97, 2, 0)],
    ['a match of no distance', frame(0x10, 97, 0, 0)],
    ['literals beyond the block', frame(0xf0, 200, 97)],
    ['a sequence without its match', frame(0x10, 97, 1)],
    ['a dictionary', dataBytes('squares.lz4').map((byte, i) => (i === 4 ? byte | 1 : byte))],
    ['another version', dataBytes('squares.lz4').map((byte, i) => (i === 4 ? byte | 0x80 : byte))],
    ['a size that nobody has', dataBytes('squares.lz4').map((byte, i) => (i === 12 ? 1 : byte))],
  ])('refuses %s', (_, bytes) => {
    expect(() => decodeLz4Frame(bytes)).toThrow(RangeError)
  })
})
