import { describe, expect, it } from '@jest/globals'
import {
  detectableFall,
  requiredForFall,
  requiredSampleSize,
} from '../../../../../server/src/gate/statistics/sample-size.ts'
import { mcnemarHarmP } from '../../../../../server/src/gate/statistics/mcnemar.ts'
import { makeRng } from '@panal/client-core'

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

describe('examples that show a fall of accuracy', () => {
  const wanted = { discordance: 0.04, alpha: 0.05, power: 0.8 }
  it('have what is lost among what differs: (1.6449 + .8416)² · (.04 + .1 − .01) / .01 is 81', () => {
    // 6.1826 · 13 = 80.4; the discordance of equal models alone would ask for 25
    expect(requiredForFall(0.1, wanted)).toBe(81)
  })
  it('show that fall and no smaller one', () => {
    for (const fall of [0.02, 0.1, 0.4]) {
      const n = requiredForFall(fall, wanted)
      expect(detectableFall(n, wanted)).toBeLessThanOrEqual(fall)
      expect(detectableFall(n - 1, wanted)).toBeGreaterThan(fall)
    }
  })
  it('are none that show more than all answers lost', () => {
    expect(detectableFall(0, wanted)).toBe(1)
    expect(requiredForFall(1, { ...wanted, discordance: 0 })).toBe(0)
    expect(() => requiredForFall(0, wanted)).toThrow(RangeError)
  })
  it('find it as often as they are to, in seeded simulation', () => {
    const fall = 0.08
    const of = { discordance: 0.06, alpha: 0.05 / 10, power: 0.9 }
    const n = requiredForFall(fall, of)
    const rng = makeRng('falls')
    let found = 0
    for (let run = 0; run < 1000; run++) {
      let [lost, won] = [0, 0]
      for (let i = 0; i < n; i++) {
        const at = rng.uniform()
        if (at < fall + of.discordance / 2) lost++
        else if (at < fall + of.discordance) won++
      }
      found += Number(mcnemarHarmP({ lost, won }) < of.alpha)
    }
    // Standard error √(.9 · .1 / 1000) = .0095; the normal approximation itself is off by one or two points.
    expect(Math.abs(found / 1000 - 0.9)).toBeLessThan(0.04)
  })
})
