import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { makeRng } from '@panal/client-core'
import { splitByContent } from '../../../../simulations/src/data/splits.ts'

const shares = { train: 0.6, evaluation: 0.1, gate: 0.3 }

describe('splitByContent', () => {
  it('uses every content once, in one set only', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 })), fc.nat(), (contents, seed) => {
        const keys = contents.map(String)
        const sets = splitByContent(keys, shares, makeRng(seed))
        const used = Object.values(sets).flatMap((set) => set.map((index) => keys[index]!))
        expect(new Set(used).size).toBe(used.length)
        expect(new Set(used)).toEqual(new Set(keys))
      }),
    )
  })

  it('gives each set its share, to the nearest example', () => {
    const keys = Array.from({ length: 1000 }, (_, index) => String(index))
    const { train, evaluation, gate } = splitByContent(keys, shares, makeRng(1))
    expect([train.length, evaluation.length, gate.length]).toEqual([600, 100, 300])
  })

  it.each([[{ a: 0.5, b: 0.4 }], [{ a: 1.5, b: -0.5 }], [{ a: 1, b: 0 }]])('refuses the shares %p', (wrong) => {
    expect(() => splitByContent(['x', 'y'], wrong, makeRng(1))).toThrow(RangeError)
  })
})
