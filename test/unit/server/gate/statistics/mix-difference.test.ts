import { describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import { mixDifference } from '../../../../../server/src/gate/statistics/mix-difference.ts'

const strata = (...counts: readonly (readonly [number, number])[]) =>
  counts.map(([n, m], i) => ({ name: String(i), candidate: { n, hits: 0 }, reference: { n: m, hits: 0 } }))

describe('a difference of mixes', () => {
  it('is Pearson’s χ²: 30 and 70 against 50 and 50', () => {
    // Expected 40 and 60 in each arm: 100/40 + 100/60 + 100/40 + 100/60 = 25/3.
    const { statistic, df, excess } = mixDifference(strata([30, 50], [70, 50]))
    expect(statistic).toBeCloseTo(25 / 3, 12)
    expect(df).toBe(1)
    expect(excess).toBeCloseTo((25 / 3 - 1) / Math.SQRT2, 12)
  })
  it('of arms of other sizes: 10 of 20 against 10 of 80', () => {
    // Expected 4, 16, 16, 64: 36/4 + 36/16 + 36/16 + 36/64 = 14.0625; the first is under 5, and so counted with the rest.
    expect(mixDifference(strata([20, 20], [20, 140])).statistic).toBeCloseTo(2 * 14.0625, 12)
  })
  it('counts strata together in which too few are to be expected', () => {
    expect(mixDifference(strata([100, 100], [3, 0], [0, 3], [2, 1], [1, 2]))).toEqual(
      mixDifference(strata([100, 100], [6, 6])),
    )
  })
  it('is none of one stratum, the same mix, or an empty arm', () => {
    expect(mixDifference(strata([5, 50]))).toEqual({ statistic: 0, df: 0, excess: 0 })
    expect(mixDifference(strata([10, 20], [30, 60])).statistic).toBeCloseTo(0, 12)
    expect(mixDifference(strata([10, 0], [30, 0]))).toEqual({ statistic: 0, df: 0, excess: 0 })
  })
  it('has an excess of about 0 where the mix is the same, however many strata', () => {
    const rng = makeRng('mix')
    for (const k of [3, 30]) {
      let total = 0
      for (let run = 0; run < 300; run++) {
        const counts = Array.from({ length: k }, (): [number, number] => [0, 0])
        for (let i = 0; i < 1000; i++) for (const arm of [0, 1] as const) counts[Math.floor(rng.uniform() * k)]![arm]++
        total += mixDifference(strata(...counts)).excess
      }
      // Mean 0, standard deviation 1: of 300 runs .058.
      expect(Math.abs(total / 300)).toBeLessThan(0.24)
    }
  })
})
