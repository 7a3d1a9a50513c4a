import { describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import { poissonBinomial } from '../../../../../server/src/gate/statistics/poisson-binomial.ts'

/** Shares of each count in so many draws. */
function shares(chances: readonly number[], numDraws = 20_000): number[] {
  const draw = poissonBinomial(chances)
  const rng = makeRng('draws')
  const counts = new Array<number>(chances.length + 1).fill(0)
  for (let i = 0; i < numDraws; i++) counts[draw(rng)]! += 1 / numDraws
  return counts
}

describe('draws of how many events happen', () => {
  it('have the chances of .1, .5 and .8: .09, .46, .41, .04', () => {
    // None: .9·.5·.2. One: .1·.5·.2 + .9·.5·.2 + .9·.5·.8. Two: .1·.5·.2 + .1·.5·.8 + .9·.5·.8. All: .1·.5·.8.
    const expected = [0.09, 0.46, 0.41, 0.04]
    // Standard error at most .0036; four of them fail once in 16,000 seeds.
    shares([0.1, 0.5, 0.8]).forEach((share, k) => expect(Math.abs(share - expected[k]!)).toBeLessThan(0.015))
  })
  it('are sure of what is certain and of what is impossible', () => {
    expect(shares([1, 0, 1, 0, 0], 10)).toEqual([0, 0, expect.closeTo(1, 10), 0, 0, 0])
    expect(poissonBinomial([])(makeRng(1))).toBe(0)
  })
  it('do not depend on the order of the chances', () => {
    const chances = Array.from({ length: 300 }, (_, i) => (i + 0.5) / 300)
    const [one, other] = [poissonBinomial(chances), poissonBinomial([...chances].reverse())]
    const [first, second] = [makeRng(1), makeRng(1)]
    for (let i = 0; i < 50; i++) expect(other(second)).toBe(one(first))
  })
  it('have the mean and the variance of the sum, also of more than are taken together', () => {
    const rng = makeRng('chances')
    const chances = Array.from({ length: 10_000 }, () => rng.uniform() ** 3)
    const mean = chances.reduce((sum, p) => sum + p, 0)
    const variance = chances.reduce((sum, p) => sum + p * (1 - p), 0)
    const draw = poissonBinomial(chances)
    const drawn = Array.from({ length: 4000 }, () => draw(rng))
    const found = drawn.reduce((sum, k) => sum + k, 0) / 4000
    const spread = drawn.reduce((sum, k) => sum + (k - found) ** 2, 0) / 3999
    // Standard errors σ/√4000 and σ²·√(2/4000).
    expect(Math.abs(found - mean)).toBeLessThan(4 * Math.sqrt(variance / 4000))
    expect(Math.abs(spread / variance - 1)).toBeLessThan(4 * Math.sqrt(2 / 4000))
  })
})
