import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { divergence, shapley } from '../../../../../server/src/gate/statistics/div-explorer.ts'
import { alphaInvesting } from '../../../../../server/src/gate/statistics/online-testing.ts'
import { effectSize, momentsOf, welch } from '../../../../../server/src/gate/statistics/welch.ts'

// R's Titanic and the rule "women survive, men do not", as in slice-line.test.ts. Wrong are 17 + 89 of 196 women of the third
// class; of the others 5 + 11 + 13 + 57 + 14 + 75 + 192 men who survived and 4 + 13 + 3 women who died.
const titanic = { slice: { n: 196, wrong: 106 }, rest: { n: 2005, wrong: 387 } }
const errors = ({ n, wrong }: { n: number; wrong: number }) => Array.from({ length: n }, (_, i) => (i < wrong ? 1 : 0))

describe('Slice Finder on the Titanic (gate.md 2.10)', () => {
  const [slice, rest] = [momentsOf(errors(titanic.slice)), momentsOf(errors(titanic.rest))]
  it('φ .773751 and Welch’s t 9.461565', () => {
    expect(effectSize(slice, rest)).toBeCloseTo(0.773751, 6)
    expect(welch(slice, rest)!.t).toBeCloseTo(9.461565, 5)
    expect(welch(slice, rest)!.df).toBeCloseTo(219.449515, 6) // SciPy 1.17, ttest_ind(equal_var=False)
  })
})

describe('Welch', () => {
  it('agrees with SciPy 1.17', () => {
    const test = welch(momentsOf([3, 4, 1, 2.1, 5]), momentsOf([2, 1, 0.5, 0.7]))!
    expect(test.t).toBeCloseTo(2.54064918, 8)
    expect(test.p).toBeCloseTo(0.02329473, 7)
  })
  it('looks at the rows asked for', () => {
    expect(momentsOf([9, 1, 9, 3], [1, 3])).toEqual({ n: 2, mean: 2, squares: 2 })
    expect(() => momentsOf([1], [])).toThrow(RangeError)
  })
  it('is undefined without spread or with one value', () => {
    const flat = momentsOf([1, 1])
    expect(welch(flat, momentsOf([0, 0]))).toBeUndefined()
    expect(effectSize(flat, momentsOf([0, 0]))).toBeUndefined()
    expect(welch(momentsOf([1]), momentsOf([0, 1]))).toBeUndefined()
  })
})

describe('α-investing', () => {
  it('tests at W/(1 + W), earns by a rejection and stops at the first that fails', () => {
    // .05/1.05 = .047619; then .1/1.1 = .0909; a failure costs all.
    expect(alphaInvesting([0.0477])).toEqual([false])
    expect(alphaInvesting([0.0476, 0.09, 0.2, 0])).toEqual([true, true, false, false])
    expect(alphaInvesting([0.0476, 0.092])).toEqual([true, false])
  })
})

describe('DivExplorer', () => {
  it('Δ is the difference of rates, t by the two Betas', () => {
    const { delta, t } = divergence({ hits: 3, n: 4 }, { hits: 5, n: 10 })
    expect(delta).toBeCloseTo(0.25, 12)
    // Beta(4, 2): 2/3, 8/(36·7); Beta(6, 6): 1/2, 36/(144·13)
    expect(t).toBeCloseTo((2 / 3 - 1 / 2) / Math.sqrt(8 / 252 + 36 / 1872), 12)
    expect(() => divergence({ hits: 0, n: 0 }, { hits: 5, n: 10 })).toThrow(RangeError)
  })
  it('Shapley: two items that are the same share alike; one that adds nothing gets nothing', () => {
    const delta = (items: readonly string[]) => (items.includes('a') || items.includes('b') ? 0.3 : 0)
    expect(shapley(['a', 'b', 'c'], delta).map((each) => Number(each.toFixed(12)))).toEqual([0.15, 0.15, 0])
  })
  it('Shapley’s parts sum to the whole', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 16, maxLength: 16 }), (values) => {
        const deltaOf = (items: readonly number[]) =>
          items.length === 0 ? 0 : values[items.reduce((a, b) => a + b, 0)]!
        const items = [1, 2, 4, 8]
        expect(shapley(items, deltaOf).reduce((a, b) => a + b, 0)).toBeCloseTo(values[15]!, 10)
      }),
      { seed: 10, numRuns: 200 },
    )
  })
})
