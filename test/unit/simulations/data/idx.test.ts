import { describe, expect, it } from '@jest/globals'
import { readIdx, readIdxArray } from '../../../../simulations/src/data/idx.ts'

/** Two images of 1 × 3 bytes. */
const header = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3]
const file = (...bytes: number[]) => Uint8Array.from(bytes)

describe('readIdx', () => {
  it('reads the shape and the values', () => {
    const { shape, values } = readIdx(file(...header, 1, 2, 3, 4, 5, 6), 3, 'f')
    expect(shape).toEqual([2, 1, 3])
    expect([...values]).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('reads a view at an odd offset', () => {
    const view = file(9, ...header, 1, 2, 3, 4, 5, 6).subarray(1)
    expect([...readIdx(view, 3, 'f').values]).toEqual([1, 2, 3, 4, 5, 6])
  })

  it.each([
    ['a short file', file(0, 0, 8, 3), 'too few for a header'],
    ['a wrong magic number', file(1, ...header.slice(1), 1, 2, 3, 4, 5, 6), 'two zero bytes'],
    [
      'an unknown type',
      file(0, 0, 0x0a, ...header.slice(3), 1, 2, 3, 4, 5, 6),
      'byte 2: it is not an IDX file: type 0xa',
    ],
    ['another type', file(0, 0, 9, ...header.slice(3), 1, 2, 3, 4, 5, 6), 'type 0x9'],
    ['another rank', file(0, 0, 8, 1, 0, 0, 0, 2, 1, 2), 'byte 3: 1 dimensions'],
    ['no dimensions', file(0, 0, 8, 0), '0 dimensions'],
    ['an empty dimension', file(...header.slice(0, 7), 0, ...header.slice(8)), 'empty dimension'],
    ['missing values', file(...header, 1, 2, 3, 4, 5), '5 values'],
    ['surplus values', file(...header, 1, 2, 3, 4, 5, 6, 7), '7 values'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => readIdx(bytes, 3, 'f')).toThrow(message)
  })
})

describe('readIdxArray', () => {
  // Big-endian, as the format says.
  it.each([
    ['signed bytes', [9], [0x80, 0x7f], [-128, 127]],
    ['int16', [0x0b], [0xff, 0xfe, 0x01, 0x00], [-2, 256]],
    ['int32', [0x0c], [0xff, 0xff, 0xff, 0xff, 0, 1, 0, 0], [-1, 65536]],
    ['float32', [0x0d], [0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0], [1, -2.5]],
    ['float64', [0x0e], [0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xc0, 4, 0, 0, 0, 0, 0, 0], [1, -2.5]],
  ])('reads %s', (_, [type], bytes, values) => {
    const array = readIdxArray(file(0, 0, type!, 1, 0, 0, 0, 2, ...bytes), 'f')
    expect([array.shape, [...array.values]]).toEqual([[2], values])
  })
  it('says at which byte a file ends that should go on', () => {
    expect(() => readIdxArray(file(0, 0, 0x0d, 1, 0, 0, 0, 2, 0, 0, 0, 0), 'f')).toThrow('f, byte 12')
  })
})
