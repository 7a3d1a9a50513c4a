import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { makeRng } from '@panal/client-core'
import { samplers, type ClientSampler } from '@panal/server'

const device = fc.record({ deviceId: fc.string({ minLength: 1, maxLength: 6 }), lastRound: fc.nat({ max: 9 }) })
const devices = fc.uniqueArray(device, { selector: (each) => each.deviceId, maxLength: 40 })

/** Each sampler with options to try it with. */
const cases = {
  uniform: samplers.uniform.make({}),
  'least-recently-used': samplers['least-recently-used'].make({}),
} as const satisfies Record<keyof typeof samplers, ClientSampler>

describe.each(Object.entries(cases))('sampler %s', (name, sampler) => {
  it('is registered under its own name', () => {
    expect(sampler.name).toBe(name)
  })

  it('chooses distinct available devices, as many as asked if there are enough', () => {
    fc.assert(
      fc.property(devices, fc.nat({ max: 50 }), fc.nat(), (available, count, seed) => {
        const chosen = sampler.sample(available, count, makeRng(seed))
        expect(new Set(chosen).size).toBe(chosen.length)
        expect(chosen).toHaveLength(Math.min(count, available.length))
        const ids = new Set(available.map((each) => each.deviceId))
        expect(chosen.every((deviceId) => ids.has(deviceId))).toBe(true)
      }),
      { seed: 1 },
    )
  })

  it('[R2] does not depend on the order of arrival', () => {
    fc.assert(
      fc.property(devices, fc.nat({ max: 20 }), fc.nat(), (available, count, seed) => {
        const chosen = sampler.sample(available, count, makeRng(seed))
        expect(sampler.sample([...available].reverse(), count, makeRng(seed))).toEqual(chosen)
      }),
      { seed: 2 },
    )
  })

  it('leaves its argument as it was', () => {
    const available = ['d_c', 'd_a', 'd_b'].map((deviceId) => ({ deviceId, lastRound: 0 }))
    const before = structuredClone(available)
    sampler.sample(available, 2, makeRng(1))
    expect(available).toEqual(before)
  })

  it('gives devices with the same history the same chance', () => {
    // 4,000 draws of 1 from 8: 500 each; the standard deviation is √(4000·⅛·⅞) = 20.9, so 400…600 is ±4.8 of it
    const available = 'abcdefgh'.split('').map((deviceId) => ({ deviceId, lastRound: 0 }))
    const counts = new Map<string, number>()
    const rng = makeRng(7)
    for (let i = 0; i < 4_000; i++) {
      const [chosen] = sampler.sample(available, 1, rng.fork(String(i)))
      counts.set(chosen!, (counts.get(chosen!) ?? 0) + 1)
    }
    for (const { deviceId } of available) {
      expect(counts.get(deviceId)).toBeGreaterThan(400)
      expect(counts.get(deviceId)).toBeLessThan(600)
    }
  })
})

it('least-recently-used asks newcomers first, then whoever waited longest', () => {
  const available = [
    { deviceId: 'd_recent', lastRound: 9 },
    { deviceId: 'd_new', lastRound: 0 },
    { deviceId: 'd_old', lastRound: 3 },
  ]
  expect(cases['least-recently-used'].sample(available, 2, makeRng(1))).toEqual(['d_new', 'd_old'])
})
