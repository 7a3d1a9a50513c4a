import { describe, expect, it } from '@jest/globals'
import { makeRng, type Rng } from '@panal/client-core'
import {
  pMeanAtLeast,
  pMeanAtMost,
  requiredForWhole,
  wholeDifferences,
  wholeInterval,
} from '../../../../../server/src/gate/statistics/whole-differences.ts'

const of = (n: number, counts: Readonly<Record<number, number>>) => {
  const values = Object.entries(counts).flatMap(([value, count]) => new Array<number>(count).fill(Number(value)))
  return wholeDifferences(Int8Array.from({ length: n }, (_, i) => values[i] ?? 0))
}

describe('the mean of whole differences', () => {
  it('sums up what it needs', () => {
    expect(wholeDifferences(Int8Array.of(0, -2, 1, 0, -1, 1))).toEqual({ n: 6, sum: -1, squares: 7, numNonzero: 4 })
  })
  it('is as sure of no difference in n examples as they allow', () => {
    // z² = 2.7055: (0 ∓ 1.3528) / 102.7055 = ∓.013171, variance 1.3528 / 102.7055 − .013171² = .012998
    const half = 1.644854 * Math.sqrt(0.012998 / 102.7055)
    const [low, high] = wholeInterval(of(100, {}))
    expect(low).toBeCloseTo(-0.013171 - half, 5)
    expect(high).toBeCloseTo(0.013171 + half, 5)
    expect(wholeInterval(of(0, {}))).toEqual([-1, 1])
  })
  it('comes to the usual interval where there are many', () => {
    // 300 × 1 and 500 × −1 of 10,000: mean −.02, variance .08 − .0004
    const half = 1.644854 * Math.sqrt(0.0796 / 10_000)
    const [low, high] = wholeInterval(of(10_000, { 1: 300, [-1]: 500 }))
    expect(Math.abs(low - (-0.02 - half))).toBeLessThan(2e-4)
    expect(Math.abs(high - (-0.02 + half))).toBeLessThan(2e-4)
  })
  it('turned round is turned round', () => {
    const [low, high] = wholeInterval(of(200, { 2: 3, 1: 10, [-1]: 4 }))
    const [turnedLow, turnedHigh] = wholeInterval(of(200, { [-2]: 3, [-1]: 10, 1: 4 }))
    expect(turnedLow).toBeCloseTo(-high, 12)
    expect(turnedHigh).toBeCloseTo(-low, 12)
  })
  it.each([0.001, 0.05, 0.3])('has p under %d exactly where the interval leaves the value out', (alpha) => {
    const rng = makeRng(alpha)
    for (let run = 0; run < 200; run++) {
      const found = of(50 + Math.floor(rng.uniform() * 200), drawCounts(rng))
      const [low, high] = wholeInterval(found, alpha)
      for (const nudge of [-1e-6, 1e-6]) {
        expect(pMeanAtMost(found, low + nudge) < alpha).toBe(nudge < 0)
        expect(pMeanAtLeast(found, high + nudge) < alpha).toBe(nudge > 0)
      }
    }
  })
  it('has p of ½ at its own mean, and of nothing', () => {
    expect([pMeanAtMost(of(10, { 1: 5 }), 0.5), pMeanAtLeast(of(0, {}), 0)]).toEqual([0.5, 0.5])
  })
})

const drawCounts = (rng: Rng) => ({
  [-2]: Math.floor(rng.uniform() * 3),
  [-1]: Math.floor(rng.uniform() * 20),
  1: Math.floor(rng.uniform() * 20),
})

describe('in seeded simulation', () => {
  // An end that is right leaves the truth out in at most 5 % of runs. 2,000 runs: standard error .0049; four of them.
  it.each([
    [100, 0.02, 0],
    [100, 0.1, 0.1],
    [500, 0.02, 0],
    [500, 0.05, 0.03],
    [500, 0.15, 0.05],
  ])('n = %i, %d lost and %d won: each end holds its level', (n, lost, won) => {
    const rng = makeRng(`${n}/${lost}/${won}`)
    let [above, below] = [0, 0]
    for (let run = 0; run < 2000; run++) {
      const draw = () => {
        const u = rng.uniform()
        return u < lost ? -1 : u < lost + won ? 1 : 0
      }
      const [low, high] = wholeInterval(wholeDifferences(Int8Array.from({ length: n }, draw)))
      if (low > won - lost) above++
      if (high < won - lost) below++
    }
    expect(above / 2000).toBeLessThan(0.05 + 4 * 0.0049)
    expect(below / 2000).toBeLessThan(0.05 + 4 * 0.0049)
  })
})

describe('examples needed', () => {
  it('are from the upper bound of how often there is a difference', () => {
    // none in 100: Wilson's upper bound 2.7055 / 102.7055 = .026343; 6.1826 · .026343 / .02² = 407.2
    expect(requiredForWhole(of(100, {}), { margin: 0.02, alpha: 0.05 })).toBe(408)
    // differences of two count four times: at most .026343 + … of them
    const twos = requiredForWhole(of(1000, { 2: 20 }), { margin: 0.02, alpha: 0.05 })
    const ones = requiredForWhole(of(1000, { 1: 20 }), { margin: 0.02, alpha: 0.05 })
    expect(Math.abs(twos - 4 * ones)).toBeLessThanOrEqual(4)
  })
})
