import { describe, expect, it } from '@jest/globals'
import { makeRng, type Params } from '@panal/client-core'
import { attacks, greatestZ, type Attack, type Sight } from '@panal/simulations'

const params = (...values: number[]): Params => Float32Array.of(...values)

/** Three honest updates with mean (2, 0) and deviations √(2/3) and 0, and two adversaries that trained something else. */
const honest = [params(1, 0), params(2, 0), params(3, 0)]
const own = [params(1, -2), params(0, 4)]
const sight = (changes: Partial<Sight> = {}): Sight => ({
  own,
  honest: [],
  n: 5,
  f: 2,
  serverLearningRate: 1,
  rng: makeRng('attacks'),
  ...changes,
})

/** What is sent, to six digits. */
const sent = (attack: Attack, changes: Partial<Sight> = {}): number[][] =>
  attack.forge!(sight(changes)).map((update) => Array.from(update, (x) => Number(x.toFixed(6)) + 0))

const labelsOf = ({ relabel }: Attack, numClasses: number) =>
  Array.from({ length: numClasses }, (_, label) => relabel!(label, numClasses))

/** Each entry of the registry; a new one does not compile until it is tested. */
const tests: Record<keyof typeof attacks, () => void> = {
  'sign-flip': () => {
    expect(sent(attacks['sign-flip'].make({}))).toEqual([
      [-1, 2],
      [0, -4],
    ])
    expect(sent(attacks['sign-flip'].make({ factor: 3 }))[0]).toEqual([-3, 6])
  },
  scaling: () => {
    expect(sent(attacks.scaling.make({}))).toEqual([
      [100, -200],
      [0, 400],
    ])
    expect(sent(attacks.scaling.make({ factor: 2 }))[1]).toEqual([0, 8])
  },
  gaussian: () => {
    const attack = attacks.gaussian.make({ std: 3 })
    const values = attack.forge!(sight({ own: [new Float32Array(10_000), new Float32Array(10_000)] }))
    expect(values[0]).not.toEqual(values[1])
    const all = values.flatMap((update) => [...update])
    const mean = all.reduce((sum, x) => sum + x, 0) / all.length
    // Standard errors: 3 / √20000 = 0.021 of the mean, 3 / √40000 = 0.015 of the deviation; five of them, seed fixed.
    expect(Math.abs(mean)).toBeLessThan(0.11)
    const std = Math.sqrt(all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / all.length)
    expect(Math.abs(std - 3)).toBeLessThan(0.075)
  },
  alie: () => {
    // 2 − 1.5 · √(2/3) = 0.775255; 0 − 1.5 · 0
    const expected = [0.775255, 0]
    expect(sent(attacks.alie.make({ z: 1.5 }), { honest })).toEqual([expected, expected])
    // n = 5, f = 2: s = ⌊3.5⌋ − 2 = 1, Φ⁻¹((5 − 2 − 1) / 3) = Φ⁻¹(2/3) = 0.430727 by the tables; 2 − 0.430727 · 0.816497
    expect(sent(attacks.alie.make({}), { honest })[0]![0]).toBeCloseTo(1.648313, 5)
    expect(sent(attacks.alie.make({}), { n: 2 })).toEqual(own.map((update) => [...update]))
  },
  ipm: () => {
    expect(sent(attacks.ipm.make({ epsilon: 0.5 }), { honest })).toEqual([
      [-1, 0],
      [-1, 0],
    ])
    expect(sent(attacks.ipm.make({ epsilon: 2 }), { honest })[0]).toEqual([-4, 0])
    expect(sent(attacks.ipm.make({ epsilon: 2 }), { n: 2 })).toEqual(own.map((update) => [...update]))
  },
  'label-flip': () => {
    expect(labelsOf(attacks['label-flip'].make({}), 4)).toEqual([3, 2, 1, 0])
    expect(labelsOf(attacks['label-flip'].make({ to: 2 }), 4)).toEqual([2, 2, 2, 2])
    expect(attacks['label-flip'].make({})).not.toHaveProperty('forge') // it sends what it has trained
  },
  'model-replacement': () => {
    const attack = attacks['model-replacement'].make({})
    expect(labelsOf(attack, 3)).toEqual([2, 1, 0])
    // One of 5, server learning rate 0.5: times 5 / 0.5.
    const alone = { own: [own[0]!], f: 1, serverLearningRate: 0.5 }
    expect(sent(attack, alone)).toEqual([[10, -20]])
    // Two of 5 with rate 1: 2.5 each, so that with honest updates of 0 the mean is ((1, −2) + (0, 4)) / 2: their own mean.
    expect(sent(attack)).toEqual([
      [2.5, -5],
      [0, 10],
    ])
    expect(sent(attacks['model-replacement'].make({ factor: 3 }), alone)).toEqual([[3, -6]])
  },
  mimic: () => {
    // Mean 0. Σx² = 4.2² + 4² + 2 · 4.1² = 67.3 is over Σy² = 2 · 5² = 50: they differ most along x, and farthest is (4.2, 0),
    // though (0, 5) is longer.
    const spread = [params(0, 5), params(-4.1, 0), params(4.2, 0), params(0, -5), params(-4.1, 0), params(4, 0)]
    expect(sent(attacks.mimic.make({}), { honest: spread })).toEqual([
      [4.2, 0],
      [4.2, 0],
    ])
    expect(sent(attacks.mimic.make({}), { honest: [honest[1]!, honest[1]!] })[0]).toEqual([2, 0]) // nothing differs
    expect(sent(attacks.mimic.make({}), { n: 2 })).toEqual(own.map((update) => [...update]))
  },
  sybil: () => {
    const attack = attacks.sybil.make({})
    expect(labelsOf(attack, 3)).toEqual([2, 1, 0])
    expect(sent(attack)).toEqual([
      [1, -2],
      [1, -2],
    ])
  },
}

describe('an attack', () => {
  it.each(Object.entries(tests))('%s sends what its source says', (_, test) => test())

  it.each(Object.keys(attacks))('%s leaves what it looks at as it was', (name) => {
    const options = { name, epsilon: 1 }
    const attack = attacks[name as keyof typeof attacks].make(options)
    const all = [...own, ...honest]
    const before = structuredClone(all)
    attack.forge?.(sight({ honest }))
    expect(all).toEqual(before)
  })
})

describe('greatestZ', () => {
  // s = ⌊n/2 + 1⌋ − f, Φ⁻¹((n − f − s) / (n − f)); quantiles by the tables of the normal distribution.
  it.each([
    [50, 24, 1.4261], // s = 26 − 24 = 2: Φ⁻¹(24 / 26 = 0.92308)
    [50, 10, 0.2533], // s = 16: Φ⁻¹(24 / 40 = 0.6)
    [3, 1, 0], // s = 1: Φ⁻¹(1 / 2)
    [2, 1, 0], // one honest update deviates from nothing
    [10, 9, 0],
    [10, 1, 0], // s = 5: Φ⁻¹(4 / 9) is below 0
  ])('of %i updates, %i of them adversaries’, is %f', (n, f, z) => {
    expect(greatestZ(n, f)).toBeCloseTo(z, 4)
  })
})
