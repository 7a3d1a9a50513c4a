import { describe, expect, it } from '@jest/globals'
import { wilsonOneSided, wilsonTwoSided } from '../../../../../server/src/gate/statistics/wilson.ts'

describe('Wilson interval', () => {
  // gate.md 2.7
  it.each([
    [8, 10, 0.490162, 0.943318],
    [0, 20, 0, 0.161125],
    [930, 1000, 0.912485, 0.944224],
  ])('of %i of %i is (%f, %f)', (successes, n, lower, upper) => {
    const [l, u] = wilsonTwoSided(successes, n)
    expect(l).toBeCloseTo(lower, 6)
    expect(u).toBeCloseTo(upper, 6)
  })
  it('one-sided at 5 % is two-sided at 10 %', () => {
    expect(wilsonOneSided(8, 10)).toEqual(wilsonTwoSided(8, 10, 0.1))
  })
  it('reaches 0 and 1 exactly, and never leaves them', () => {
    expect(wilsonOneSided(0, 20)[0]).toBe(0)
    expect(wilsonOneSided(20, 20)[1]).toBe(1)
    const [lower, upper] = wilsonOneSided(1, 1)
    // 1 / (1 + z²) with z² = 2.705543
    expect(lower).toBeCloseTo(0.269866, 6)
    expect(upper).toBe(1)
  })
  it('knows nothing without trials', () => {
    expect(wilsonTwoSided(0, 0)).toEqual([0, 1])
  })
  it('refuses more successes than trials', () => {
    expect(() => wilsonTwoSided(3, 2)).toThrow(RangeError)
    expect(() => wilsonTwoSided(NaN, 2)).toThrow(RangeError)
  })
})
