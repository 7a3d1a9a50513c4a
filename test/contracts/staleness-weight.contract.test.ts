import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { stalenessWeights, type StalenessWeight } from '@panal/server'

/** Each rule with options to try it with. */
const cases = {
  constant: stalenessWeights.constant.make({}),
  polynomial: stalenessWeights.polynomial.make({}),
  hinge: stalenessWeights.hinge.make({ a: 0.3, b: 4 }),
  threshold: stalenessWeights.threshold.make({ until: 4, beyond: 0.1 }),
} as const satisfies Record<keyof typeof stalenessWeights, StalenessWeight>

describe.each(Object.entries(cases))('staleness weight %s', (name, weight) => {
  it('is registered under its own name', () => {
    expect(weight.name).toBe(name)
  })

  it('[R25] counts a fresh update in full, and an older one never for more than a newer', () => {
    expect(weight.of(0)).toBe(1)
    fc.assert(
      fc.property(fc.nat({ max: 1000 }), (staleness) => {
        expect(weight.of(staleness + 1)).toBeGreaterThan(0)
        expect(weight.of(staleness + 1)).toBeLessThanOrEqual(weight.of(staleness))
      }),
      { seed: 1 },
    )
  })
})

it('polynomial is 1/√(1 + τ) where nothing is said, as in FedBuff', () => {
  expect([0, 3, 8].map(cases.polynomial.of)).toEqual([1, 1 / 2, 1 / 3])
  expect(stalenessWeights.polynomial.make({ a: 2 }).of(3)).toBe(1 / 16)
})

it('hinge falls from b on', () => {
  const { of } = stalenessWeights.hinge.make({ a: 10, b: 4 })
  expect([4, 5, 9].map(of)).toEqual([1, 1 / 11, 1 / 51])
})

it('threshold falls once, behind `until`', () => {
  expect([0, 4, 5, 9].map(cases.threshold.of)).toEqual([1, 1, 0.1, 0.1])
})
