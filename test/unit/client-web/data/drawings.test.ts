import { describe, expect, it } from '@jest/globals'
import { sourceOfDrawings } from '../../../../client-web/src/data/drawings.ts'

describe('sourceOfDrawings', () => {
  it('lays drawings side by side, with their labels in the same order', () => {
    const source = sourceOfDrawings([
      { pixels: new Uint8Array(784).fill(7), label: 3 },
      { pixels: new Uint8Array(784).fill(9), label: 1 },
    ])
    if (source.kind !== 'drawings') throw new Error(source.kind)
    expect(source.pixels).toHaveLength(2 * 784)
    expect([source.pixels[0], source.pixels[783], source.pixels[784], source.pixels[1567]]).toEqual([7, 7, 9, 9])
    expect([...source.labels]).toEqual([3, 1])
  })
})
