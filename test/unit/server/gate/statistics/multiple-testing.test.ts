import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { benjaminiHochberg, holm } from '../../../../../server/src/gate/statistics/multiple-testing.ts'
import { nextLevel } from '../../../../../server/src/gate/statistics/online-testing.ts'
import { minimumDetectable, requiredForDiscordance } from '../../../../../server/src/gate/statistics/sample-size.ts'

const rejected = (adjusted: readonly (number | null)[], level = 0.05) =>
  adjusted.filter((each) => each !== null && each <= level).length

// Benjamini and Hochberg 1995, section 4.1
const published = [
  0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1,
]

describe('many tests at once', () => {
  it('rejects as the paper of 1995 does: 4, where Holm rejects 3', () => {
    expect(rejected(benjaminiHochberg(published).adjusted)).toBe(4)
    expect(rejected(holm(published).adjusted)).toBe(3)
  })
  it('ranks by size and not by position: argsort + 1 would reject 2 here', () => {
    expect(rejected(benjaminiHochberg([0.06, 0.01, 0.2, 0.03, 0.5]).adjusted)).toBe(1)
  })
  it('gives equal p-values equal q-values', () => {
    const { adjusted } = benjaminiHochberg([0.02, 0.5, 0.02])
    expect(adjusted[0]).toBe(adjusted[2])
    expect(adjusted[0]).toBeCloseTo(0.03, 12) // 3 · .02 / 2
  })
  it('leaves out what was not tested, and says how many', () => {
    for (const adjust of [benjaminiHochberg, holm])
      expect(adjust([NaN, 0.04, NaN])).toEqual({ adjusted: [null, 0.04, null], numTests: 1, numExcluded: 2 })
    expect(benjaminiHochberg([])).toEqual({ adjusted: [], numTests: 0, numExcluded: 0 })
  })
  it('Benjamini–Hochberg is its definition: of m tests, the k smallest, k the largest with p₍ₖ₎ ≤ k·level/m', () => {
    // Multiples of 1/64, so that ties are many and no comparison is left to rounding.
    const p = fc.array(fc.oneof(fc.integer({ min: 0, max: 64 }), fc.constant(NaN)), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(p, fc.constantFrom(1 / 64, 1 / 16, 1 / 8, 1 / 2), (sixtyFourths, level) => {
        const values = sixtyFourths.map((each) => each / 64)
        const made = values.filter((each) => !Number.isNaN(each)).sort((a, b) => a - b)
        const m = made.length
        const k = made.findLastIndex((each, i) => each * m <= (i + 1) * level) + 1
        const limit = k === 0 ? -1 : made[k - 1]!
        const { adjusted } = benjaminiHochberg(values)
        const slack = 1e-12
        expect(adjusted.map((each) => each !== null && each <= level + slack)).toEqual(
          values.map((each) => each <= limit),
        )
      }),
      { seed: 11, numRuns: 1000 },
    )
  })
  it('Holm is its definition: step by step, as long as p₍ᵢ₎ ≤ level/(m − i + 1)', () => {
    const p = fc.array(fc.integer({ min: 0, max: 64 }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(p, (sixtyFourths) => {
        const values = sixtyFourths.map((each) => each / 640)
        const sorted = [...values].sort((a, b) => a - b)
        const stop = sorted.findIndex((each, i) => each * (values.length - i) > 0.05 + 1e-12)
        const limit = stop < 0 ? 1 : stop === 0 ? -1 : sorted[stop - 1]!
        const { adjusted } = holm(values)
        const isTiedWithStop = stop >= 0 && sorted[stop] === limit
        if (!isTiedWithStop)
          expect(adjusted.map((each) => each! <= 0.05 + 1e-12)).toEqual(values.map((each) => each <= limit))
      }),
      { seed: 12, numRuns: 1000 },
    )
  })
  it('refuses what is no p-value', () => {
    expect(() => holm([1.2])).toThrow(RangeError)
    expect(() => benjaminiHochberg([-0.1])).toThrow(RangeError)
  })
})

describe('LORD++', () => {
  it('starts with γ₁ · w₀ = 6/π² · .025 and falls with the square of the tests made', () => {
    expect(nextLevel([])).toBeCloseTo(0.0151982, 7)
    expect(nextLevel([false, false, false])).toBeCloseTo(nextLevel([]) / 16, 12)
  })
  it('earns by a rejection: the first .025, later ones .05', () => {
    const gamma = (j: number) => 6 / (Math.PI * j) ** 2
    expect(nextLevel([true])).toBeCloseTo(0.025 * gamma(2) + 0.025 * gamma(1), 12)
    expect(nextLevel([true, true])).toBeCloseTo(0.025 * gamma(3) + 0.025 * gamma(2) + 0.05 * gamma(1), 12)
  })
  it('never spends more than its level on a series that finds nothing', () => {
    const none: boolean[] = []
    let spent = 0
    for (let i = 0; i < 2000; i++) {
      spent += nextLevel(none)
      none.push(false)
    }
    expect(spent).toBeLessThan(0.025)
  })
})

describe('examples needed', () => {
  it.each([
    [0.05, 0.01, 3092],
    [0.1, 0.01, 6183],
    [0.1, 0.02, 1546],
    [0.1, 0.05, 248],
  ])('at discordance %f and margin %f are %i (gate.md 2.8)', (discordance, margin, n) => {
    expect(requiredForDiscordance({ discordance, margin })).toBe(n)
  })
  it.each([
    [50, 0.111],
    [100, 0.079],
    [300, 0.045],
    [1000, 0.025],
    [5000, 0.011],
  ])('%i of them find a difference of %f', (n, difference) => {
    expect(minimumDetectable(n, 0.1)).toBeCloseTo(difference, 3)
  })
  it('none find nothing', () => {
    expect(minimumDetectable(0, 0.1)).toBe(Infinity)
  })
})
