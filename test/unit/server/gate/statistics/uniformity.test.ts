import { describe, expect, it } from '@jest/globals'
import { testUniformity } from '../../../../../server/src/gate/statistics/uniformity.ts'

/** Evenly spread over [0, most]. */
const spread = (n: number, most: number) => Array.from({ length: n }, (_, i) => ((i + 0.5) / n) * most)

describe('Kolmogorov–Smirnov against the uniform', () => {
  it.each([
    // SciPy 1.17, kstest(x, 'uniform'): exact p
    [5, 0.28, 0.741153, 0.015],
    [10, 0.24, 0.535498, 0.016],
    [50, 0.208, 0.022452, 0.001],
  ])('of %i values spread over [0, .8]', (n, distance, p, tolerance) => {
    const test = testUniformity(spread(n, 0.8))
    expect(test.distance).toBeCloseTo(distance, 12)
    expect(Math.abs(test.p - p)).toBeLessThan(tolerance)
  })
  it('tells too many small values from too many large ones', () => {
    const small = testUniformity(spread(50, 0.8))
    expect(small.surplus).toBeCloseTo(0.208, 12)
    expect(small.pSurplus).toBeCloseTo(0.0112, 3) // half of the two-sided one
    const large = testUniformity(spread(50, 0.8).map((each) => 1 - each))
    expect(large.distance).toBeCloseTo(0.208, 12)
    expect(large.pSurplus).toBeGreaterThan(0.9)
  })
  it('has nothing to say against evenly spread values, and refuses what is no p-value', () => {
    expect(testUniformity(spread(20, 1)).p).toBe(1)
    expect(() => testUniformity([])).toThrow(RangeError)
    expect(() => testUniformity([0.2, NaN])).toThrow(RangeError)
  })
})
