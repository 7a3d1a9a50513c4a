import { describe, expect, it } from '@jest/globals'
import {
  nonInferiorityP,
  pairedDifference,
  tInterval,
} from '../../../../../server/src/gate/statistics/paired-difference.ts'

// Student 1908, "The probable error of a mean": extra sleep of ten patients, drug 2 − drug 1.
const sleep = Float64Array.of(1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4)

describe('paired difference', () => {
  it('of Student’s sleep data has mean 1.58 and sd 1.229995', () => {
    const { n, mean, sd } = pairedDifference(sleep)
    expect(n).toBe(10)
    expect(mean).toBeCloseTo(1.58, 12)
    expect(sd).toBeCloseTo(1.229995, 6)
  })
  it('has the 95 % interval of R’s t.test(paired = TRUE): .7001142 … 2.4598858', () => {
    const [lower, upper] = tInterval(pairedDifference(sleep), 0.025)
    expect(lower).toBeCloseTo(0.7001142, 6)
    expect(upper).toBeCloseTo(2.4598858, 6)
  })
  it('has R’s p: t = 4.0621, df 9, two-sided .002833 → one-sided .0014164', () => {
    expect(nonInferiorityP(pairedDifference(sleep), 0)).toBeCloseTo(0.0014164, 6)
  })
  it('says the same by p-value and by interval: p < α exactly when L > −m', () => {
    const difference = pairedDifference(sleep.map((each) => each - 1.4))
    const [lower] = tInterval(difference, 0.05)
    expect(nonInferiorityP(difference, -lower - 1e-9)).toBeGreaterThan(0.05)
    expect(nonInferiorityP(difference, -lower + 1e-9)).toBeLessThan(0.05)
  })
  it('of equal values is certain, and a tie at the margin is not a pass', () => {
    const same = pairedDifference(Float64Array.of(0, 0, 0))
    expect(tInterval(same, 0.05)).toEqual([0, 0])
    expect(nonInferiorityP(same, 0.01)).toBe(0)
    expect(nonInferiorityP(same, 0)).toBe(1)
  })
  it.each([0, 1])('needs two values, not %i', (n) => {
    expect(() => pairedDifference(new Float64Array(n))).toThrow(RangeError)
  })
})
