import { describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import { signFlips } from '../../../../../server/src/gate/statistics/sign-flip.ts'

const p = (...values: number[]): number => signFlips(Float64Array.from(values), makeRng(1)).pAtMost(0)

describe('sign-flip permutation', () => {
  it('counts exactly: (1, 2, 3) only the pattern itself of 8, (−1, 2, 3) two of them', () => {
    expect(p(1, 2, 3)).toBe(1 / 8)
    // sums ≥ 4: 4 itself, and 6 with the −1 flipped
    expect(p(-1, 2, 3)).toBe(2 / 8)
  })
  it('is Fisher’s .02634 on Darwin’s 15 pairs of Zea mays', () => {
    // Differences in eighths of an inch; Fisher 1935, "The Design of Experiments", §21: 863 of 32,768 as large or larger.
    expect(p(49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48)).toBe(863 / 32_768)
  })
  it('counts ties in spite of rounding: .1 + .2 − .3', () => {
    // Every pattern of (.1, .2, −.3) whose sum is ≥ 0 up to rounding: 0 (itself and its mirror), .6, .2, .4 → 5 of 8
    expect(p(0.1, 0.2, -0.3)).toBe(5 / 8)
  })
  it('of one value cannot be below ½, and of none or all zero is 1', () => {
    expect(p(5)).toBe(1 / 2)
    expect(p()).toBe(1)
    expect(p(0, 0, 0)).toBe(1)
    expect(p(...new Array<number>(50).fill(0))).toBe(1)
  })
  it('draws 10⁴ patterns past 16 values, and never answers 0', () => {
    expect(p(...new Array<number>(17).fill(1))).toBeLessThanOrEqual(3 / 10_001)
    expect(p(...new Array<number>(100).fill(1))).toBe(1 / 10_001)
  })
  it('agrees with the exact count: 17 values, one of them 0, against the 16', () => {
    const values = [3, -1, 4, -1, 5, -9, 2, 6, -5, 3, 5, -8, 9, 7, -9, 3]
    // The zero changes nothing. 10⁴ draws: standard error ≤ .005, and 4 of them fail once in 16,000 seeds.
    expect(Math.abs(p(...values, 0) - p(...values))).toBeLessThan(0.02)
  })
  it('is the same for the same seed', () => {
    const values = Float64Array.from({ length: 40 }, (_, i) => Math.sin(i) + 0.1)
    expect(signFlips(values, makeRng(3)).pAtMost(0)).toBe(signFlips(values, makeRng(3)).pAtMost(0))
  })
  it('tests every mean by the same patterns: that of the values is that of their differences from it', () => {
    for (const n of [12, 40]) {
      const values = Float64Array.from({ length: n }, (_, i) => Math.sin(i) + 0.1)
      const of = (change: (each: number) => number) => signFlips(values.map(change), makeRng(3)).pAtMost(0)
      const { pAtMost, pAtLeast } = signFlips(values, makeRng(3))
      expect(pAtMost(-0.2)).toBe(of((each) => each + 0.2))
      expect(pAtLeast(0.3)).toBe(of((each) => 0.3 - each))
      expect(pAtLeast(0)).toBe(of((each) => -each))
    }
  })
})
