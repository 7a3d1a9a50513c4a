import { describe, expect, it } from '@jest/globals'
import { requiredSampleSize } from '../../../../../server/src/gate/statistics/sample-size.ts'

describe('required sample size', () => {
  // gate.md 2.8: differences in {−1, 0, 1} with discordance ψ have variance ψ at δ = 0.
  it.each([
    [0.05, 0.01, 3092],
    [0.1, 0.01, 6183],
    [0.1, 0.02, 1546],
    [0.1, 0.05, 248],
  ])('for variance %f and margin %f is %i', (variance, margin, n) => {
    expect(requiredSampleSize({ sd: Math.sqrt(variance), margin })).toBe(n)
  })
  it('is 0 without spread, and refuses a margin of 0', () => {
    expect(requiredSampleSize({ sd: 0, margin: 0.01 })).toBe(0)
    expect(() => requiredSampleSize({ sd: 1, margin: 0 })).toThrow(RangeError)
  })
  it('grows with power and falls with alpha', () => {
    const at = (rest: { alpha?: number; power?: number }): number => requiredSampleSize({ sd: 1, margin: 0.1, ...rest })
    expect(at({ power: 0.9 })).toBeGreaterThan(at({}))
    expect(at({ alpha: 0.01 })).toBeGreaterThan(at({}))
  })
})
