import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { aggregators, stalenessWeights, type StalenessWeight, type UpdateSource } from '@panal/server'

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

describe('updates that are all five versions old', () => {
  const staleness = 5
  const learningRate = 0.4

  /** How far from the optimum of w²/2 the model is after 200 versions, each by one gradient step from five versions ago. */
  async function distance({ of }: StalenessWeight): Promise<number> {
    const mean = aggregators.mean.make({})
    const versions = [1]
    for (let number = 0; number < 200; number++) {
      const delta = Float32Array.of(-learningRate * versions[Math.max(0, number - staleness)]!)
      const update = { deviceId: 'a', delta, weight: 1, effectiveSteps: 1, norm: 1, discount: of(staleness) }
      const source: UpdateSource = {
        count: 1,
        size: 1,
        async *[Symbol.asyncIterator]() {
          yield await Promise.resolve(update)
        },
      }
      versions.push(versions.at(-1)! + (await mean.aggregate(source))[0]!)
    }
    return Math.abs(versions.at(-1)!)
  }

  // w ← w − ηs·w₅ comes to rest for ηs below 2·sin(π / (2·(2·5 + 1))) = 0.285 (Levin and May 1976), and η is 0.4.
  it.each<[string, StalenessWeight]>([
    ['polynomial', stalenessWeights.polynomial.make({})], // 0.4 / √6 = 0.163
    ['hinge', stalenessWeights.hinge.make({ a: 0.5, b: 3 })], // 0.4 / 2 = 0.2
    ['threshold', stalenessWeights.threshold.make({ until: 4, beyond: 0.3 })], // 0.12
  ])('bring the model to rest where %s discounts them', async (_, weight) => {
    expect(await distance(weight)).toBeLessThan(0.01)
  })

  it('throw it about at the same rate where they count in full', async () => {
    expect(await distance(stalenessWeights.constant.make({}))).toBeGreaterThan(100)
  })
})
