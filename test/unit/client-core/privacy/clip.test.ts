import { describe, expect, it } from '@jest/globals'
import { clipToNorm, l2Norm } from '@panal/client-core'

describe('l2Norm', () => {
  it('is the square root of the sum of squares', () => {
    expect(l2Norm(Float32Array.of(3, 4))).toBe(5)
    expect(l2Norm(new Float32Array(0))).toBe(0)
  })

  it('sums in float64: a million small values are not lost beside a large one', () => {
    const vector = new Float32Array(1_000_001).fill(2 ** -12)
    vector[0] = 4096
    // 4096² + 1e6 · 2^-24: the tail is 0.0596, far below float32’s spacing of 2 at 2^24.
    expect(l2Norm(vector)).toBeCloseTo(Math.sqrt(2 ** 24 + 1e6 * 2 ** -24), 9)
  })

  it('is NaN or Infinity when a value is, and finite for the largest floats', () => {
    expect(l2Norm(Float32Array.of(1, NaN))).toBeNaN()
    expect(l2Norm(Float32Array.of(1, -Infinity))).toBe(Infinity)
    expect(l2Norm(Float32Array.of(3e38, 3e38))).toBeCloseTo(Math.fround(3e38) * Math.SQRT2, -25)
  })
})

describe('clipToNorm', () => {
  it('scales down to the bound, keeps the direction, answers the norm before', () => {
    const delta = Float32Array.of(3, 4)
    expect(clipToNorm(delta, 1)).toBe(5)
    expect(delta[0]).toBeCloseTo(0.6, 6)
    expect(delta[1]).toBeCloseTo(0.8, 6)
  })

  it('leaves a delta within the bound, and one that is not finite, as it is', () => {
    for (const values of [
      [3, 4],
      [1, NaN],
      [Infinity, 1],
    ]) {
      const delta = Float32Array.from(values)
      clipToNorm(delta, 5)
      expect(Array.from(delta)).toEqual(values)
    }
  })

  it('refuses a bound that is not over 0', () => {
    expect(() => clipToNorm(Float32Array.of(1), 0)).toThrow(RangeError)
    expect(() => clipToNorm(Float32Array.of(1), NaN)).toThrow(RangeError)
  })
})
