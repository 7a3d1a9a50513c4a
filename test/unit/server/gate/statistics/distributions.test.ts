import { expect, it } from '@jest/globals'
import { normalCdf, normalQuantile, tCdf, tQuantile } from '../../../../../server/src/gate/statistics/distributions.ts'

it('has the quantiles of the tables', () => {
  expect(normalQuantile(0.95)).toBeCloseTo(1.644854, 6)
  expect(normalQuantile(0.975)).toBeCloseTo(1.959964, 6)
  expect(tQuantile(0.95, 9)).toBeCloseTo(1.833113, 6)
  expect(tQuantile(0.95, 1)).toBeCloseTo(6.313752, 6)
})

it('inverts: the distribution function of a quantile is its probability', () => {
  for (const p of [0.001, 0.3, 0.5, 0.95]) {
    expect(normalCdf(normalQuantile(p))).toBeCloseTo(p, 10)
    for (const df of [1, 2, 30, 4999]) expect(tCdf(tQuantile(p, df), df)).toBeCloseTo(p, 8)
  }
})
