import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { roundTicks } from '../../../../client-web/src/components/round-ticks.ts'

describe('roundTicks', () => {
  it('labels whole rounds', () => {
    expect(roundTicks(1, 4)).toEqual([1, 2, 3, 4])
    expect(roundTicks(1.2, 1.8)).toEqual([1, 2])
    expect(roundTicks(3, 3)).toEqual([3, 4])
    expect(roundTicks(1, 20)).toEqual([1, 5, 9, 13, 17, 21])
  })

  it('holds every point between its ends, in few even steps', () => {
    const at = fc.double({ min: 0, max: 1e6, noNaN: true })
    fc.assert(
      fc.property(at, at, (one, other) => {
        const [first, last] = [Math.min(one, other), Math.max(one, other)]
        const ticks = roundTicks(first, last)
        expect(ticks.every(Number.isInteger)).toBe(true)
        expect(ticks[0]).toBeLessThanOrEqual(first)
        expect(ticks.at(-1)).toBeGreaterThanOrEqual(last)
        expect(ticks.length).toBeGreaterThanOrEqual(2)
        expect(ticks.length).toBeLessThanOrEqual(7)
        expect(new Set(ticks.slice(1).map((tick, index) => tick - ticks[index]!)).size).toBe(1)
      }),
    )
  })
})
