import { describe, expect, it } from '@jest/globals'
import { readIdx } from '../../../../simulations/src/data/idx.ts'

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
    ['another type', file(0, 0, 0x0d, ...header.slice(3), 1, 2, 3, 4, 5, 6), 'type 0xd'],
    ['another rank', file(0, 0, 8, 1, ...header.slice(4), 1, 2, 3, 4, 5, 6), '1 dimensions'],
    ['an empty dimension', file(...header.slice(0, 7), 0, ...header.slice(8)), 'empty dimension'],
    ['missing values', file(...header, 1, 2, 3, 4, 5), '5 values'],
    ['surplus values', file(...header, 1, 2, 3, 4, 5, 6, 7), '7 values'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => readIdx(bytes, 3, 'f')).toThrow(message)
  })
})
