/**
 * @jest-environment <rootDir>/test/native-environment.mjs
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  addUpdate,
  AggregationError,
  aggregators,
  emptySum,
  makePolicy,
  resultOfSum,
  stalenessWeights,
  sumLength,
  type Aggregator,
  type UpdateFacts,
  type UpdateSource,
  type VectorEngine,
  type VectorEngineName,
  vectorEngines,
  type WeightedUpdate,
} from '@panal/server'
import { aggregatorSpecs } from '../fixtures/aggregator-specs.ts'
import { factsIn } from '../fixtures/update-source.ts'
import { rowsOf } from '../fixtures/vector-rows.ts'

interface Sent {
  readonly deviceId: string
  readonly delta: readonly number[]
  readonly weight: number
  readonly effectiveSteps?: number
  readonly lossBefore?: number
  readonly discount?: number
}

/** All that is known of an update; of what is not said, that all devices are alike. */
function factsOf({ delta, weight, effectiveSteps = 1, lossBefore = 1, discount }: Sent): UpdateFacts {
  const facts = { weight, effectiveSteps, lossBefore, norm: Math.hypot(...delta) }
  return discount === undefined ? facts : { ...facts, discount }
}

/** Updates as the spool gives them: in order of device id, through one buffer that is overwritten. */
function source(updates: readonly Sent[], size: number): UpdateSource {
  const inOrder = [...updates].sort((a, b) => (a.deviceId < b.deviceId ? -1 : 1))
  return {
    count: updates.length,
    size,
    async *[Symbol.asyncIterator](): AsyncGenerator<WeightedUpdate> {
      for (const each of inOrder) {
        const buffer = Float32Array.from(each.delta)
        yield await Promise.resolve({ ...factsOf(each), deviceId: each.deviceId, delta: buffer })
        buffer.fill(NaN) // whoever kept a reference notices
      }
    },
  }
}

/** The same, which lie somewhere as they are, and have no room in memory. */
const inPlace = (given: UpdateSource, updates: readonly Sent[]): UpdateSource => ({
  ...given,
  maxHeldBytes: 0,
  async openRows() {
    const rows = rowsOf(
      updates.toSorted((a, b) => (a.deviceId < b.deviceId ? -1 : 1)).map((each) => Float32Array.from(each.delta)),
    )
    return { rows, facts: await factsIn(given), close: () => Promise.resolve() }
  },
})

const size = 5
const delta = fc.array(fc.float({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: size, maxLength: size })
/** At least as many as every aggregator of the suite needs. */
const updates = fc
  .uniqueArray(fc.tuple(fc.string({ minLength: 1, maxLength: 4 }), delta, fc.integer({ min: 1, max: 1e6 })), {
    selector: ([deviceId]) => deviceId,
    minLength: 3,
    maxLength: 12,
  })
  .map((list) => list.map(([deviceId, values, weight]) => ({ deviceId, delta: values, weight })))

/** How far an engine may be from what a rule folds, of a mean and the largest value in it. */
const engineErrors: Readonly<Record<VectorEngineName, (mean: number, largest: number) => number>> = {
  // float64 as well: one rounding to float32 apart, and where it cancels, what float64 lost on the way
  wasm: (mean) => 2 ** -23 * Math.abs(mean) + 1e-8,
  // what the contract of engines says, of Σ |weight · x| / Σ weight; the other rounding is that of the fold
  // and a GPU may take for 0 what is below the least normal float32
  webgpu: (_, largest) => 1e-6 * largest + 2 ** -126,
  tfjs: (_, largest) => 1e-6 * largest,
}

/** Bytes, or why there are none. */
const outcomeOf = (aggregate: Promise<Float32Array>): Promise<string> =>
  aggregate.then(
    (found) => Buffer.from(found.buffer, found.byteOffset, found.byteLength).toString('hex'),
    (error: unknown) => {
      if (error instanceof AggregationError) return error.code
      throw error
    },
  )

describe.each(Object.entries(aggregatorSpecs))('aggregator %s', (name, spec) => {
  const aggregator = makePolicy<Aggregator>(aggregators, spec)
  const rooted = (values: readonly number[]) => ({ rootDelta: async () => Float32Array.from(values) })

  it('is registered under its own name', () => {
    expect(aggregator.name).toBe(name)
  })

  it('[R15] gives the same bytes whatever the order of arrival', async () => {
    await fc.assert(
      fc.asyncProperty(updates, fc.nat(), async (list, rotation) => {
        const moved = list.map((_, i) => list[(i + rotation) % list.length]!).reverse()
        // of a rule that goes by the first update none may point its way but that one
        const context = rooted(list[0]!.delta.some((value) => value !== 0) ? list[0]!.delta : [1, 1, 1, 1, 1])
        const found = await outcomeOf(aggregator.aggregate(source(list, size), context))
        expect(await outcomeOf(aggregator.aggregate(source(moved, size), context))).toBe(found)
      }),
      { seed: 1 },
    )
  })

  it('returns the common update when all are the same', async () => {
    await fc.assert(
      fc.asyncProperty(delta, fc.integer({ min: aggregator.minUpdates, max: 9 }), async (values, count) => {
        const same = Array.from({ length: count }, (_, i) => ({ deviceId: `d${i}`, delta: values, weight: i + 1 }))
        if (aggregator.usesRoot === true && values.every((value) => value === 0)) return // leads nowhere
        const found = await aggregator.aggregate(source(same, size), rooted(values))
        // of several sums the first is the one that moves the model
        values.forEach((value, i) => expect(found[i]).toBeCloseTo(value, Math.abs(value) > 1e3 ? -1 : 3))
      }),
      { seed: 2 },
    )
  })

  it('[R25] takes a stale update for one that is shorter by its discount, and weighs as much', async () => {
    await fc.assert(
      fc.asyncProperty(updates, fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 12 }), async (list, halvings) => {
        // powers of two: neither way of multiplying rounds
        const stale = list.map((each, i) => ({ ...each, discount: 2 ** -halvings[i]! }))
        const short = stale.map(({ discount, ...each }) => ({ ...each, delta: each.delta.map((x) => x * discount) }))
        if (aggregator.usesRoot === true && short[0]!.delta.every((x) => x === 0)) return // leads nowhere
        const context = rooted(short[0]!.delta)
        const [found, expected] = [
          await aggregator.aggregate(source(stale, size), context),
          await aggregator.aggregate(source(short, size), context),
        ]
        found.forEach((value, i) => {
          const scale = Math.max(...short.map(({ delta }) => Math.abs(delta[i % size]!)))
          expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(1e-5 * scale)
        })
      }),
      { seed: 4 },
    )
  })

  it('[R17] refuses fewer updates than it needs', async () => {
    const tooFew = Array.from({ length: aggregator.minUpdates - 1 }, (_, i) => ({
      deviceId: `d${i}`,
      delta: [1, 2, 3, 4, 5],
      weight: 1,
    }))
    await expect(aggregator.aggregate(source(tooFew, size))).rejects.toMatchObject({
      code: 'too-few',
      message: expect.stringMatching(
        new RegExp(`needs ${aggregator.minUpdates} .* has ${tooFew.length}`),
      ) as unknown as string,
    })
  })

  it('refuses an update of another length', async () => {
    const one = { delta: [1, 2], weight: 1 }
    const odd = source(
      Array.from({ length: aggregator.minUpdates }, (_, i) => ({ ...one, deviceId: `d${i}` })),
      size,
    )
    await expect(aggregator.aggregate(odd, rooted([1, 1, 1, 1, 1]))).rejects.toMatchObject({ code: 'wrong-length' })
  })
})

const rules = Object.values(aggregatorSpecs).map((spec) => makePolicy<Aggregator>(aggregators, spec))
const linearRules = rules.flatMap((aggregator) => {
  const { name, linear } = aggregator
  return linear === undefined ? [] : [{ name, aggregator, linear }]
})
const folding = rules.flatMap((aggregator) => {
  const { name, usesEngine } = aggregator
  return usesEngine === 'always' ? [] : [{ name, aggregator }]
})

it('folds the means, and knows of all of them but the one that uses losses that sums are enough', () => {
  const linear = ['mean', 'normalized-mean', 'scaffold']
  expect(linearRules.map(({ name }) => name)).toEqual(linear)
  expect(folding.map(({ name }) => name)).toEqual([...linear, 'fair-mean'])
})

describe.each(linearRules)('aggregator $name, which is a sum', ({ aggregator, linear }) => {
  it('comes to the same from the sum of the updates', async () => {
    await fc.assert(
      fc.asyncProperty(updates, async (list) => {
        // the sum refuses what is beyond its range: weights of up to 1e6 leave it deltas of up to 100
        const small = list.map((each) => ({ ...each, delta: each.delta.map((value) => value / 1e4) }))
        const sum = emptySum(sumLength(linear, size))
        for (const each of small) addUpdate(sum, Float32Array.from(each.delta), linear.summand(factsOf(each)))
        const expected = await aggregator.aggregate(source(small, size))
        resultOfSum(linear, sum).forEach((value, i) => {
          // one rounding to float32 apart, and where the mean cancels, what float64 lost on the way
          expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(2 ** -23 * Math.abs(expected[i]!) + 1e-12)
        })
      }),
      { seed: 3 },
    )
  })
})

describe.each(folding)('aggregator $name, which folds', ({ aggregator }) => {
  describe.each(Object.entries(engineErrors))('on the engine %s', (name, errorOf) => {
    let engine: VectorEngine
    beforeAll(async () => void (engine = await vectorEngines[name as VectorEngineName]({})))
    afterAll(() => engine.close())

    it.each(['held', 'in place'] as const)('comes to the same, its updates %s', async (where) => {
      let numSums = 0
      const counted: VectorEngine = {
        ...engine,
        weightedSum: (...of) => ((numSums += 1), engine.weightedSum(...of)),
      }
      await fc.assert(
        fc.asyncProperty(updates, async (list) => {
          const given = source(list, size)
          const expected = await aggregator.aggregate(given)
          const found = await aggregator.aggregate(where === 'held' ? given : inPlace(given, list), {
            engine: counted,
          })
          expect(found.length).toBe(expected.length)
          found.forEach((value, i) => {
            const largest = Math.max(...list.map((each) => Math.abs(each.delta[i % size]!)))
            expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(errorOf(expected[i]!, largest))
          })
        }),
        { seed: 5 },
      )
      expect(numSums).toBeGreaterThanOrEqual(100) // of the fc.assert's runs each one or more
    })
  })
})

describe('mean', () => {
  const mean = aggregators.mean.make({})

  it('[R15] weights by example count', async () => {
    const two = source(
      [
        { deviceId: 'a', delta: [2], weight: 1 },
        { deviceId: 'b', delta: [6], weight: 3 },
      ],
      1,
    )
    expect(await mean.aggregate(two)).toEqual(Float32Array.of(5)) // (1·2 + 3·6) / 4
  })

  it('[R25] makes FedBuff’s step of fresh and stale updates', async () => {
    const discount = stalenessWeights.polynomial.make({})
    const two = source(
      [
        { deviceId: 'a', delta: [4], weight: 1 },
        { deviceId: 'b', delta: [8], weight: 1, discount: discount.of(3) },
      ],
      1,
    )
    // K = 2: (4 + 8/√(1 + 3)) / 2. Divided by the discounted weights it would be 8 / 1.5.
    expect(await mean.aggregate(two)).toEqual(Float32Array.of(4))
  })

  it('[R17] refuses a total weight of zero, instead of a zero or NaN model', async () => {
    for (const weight of [0, NaN])
      await expect(mean.aggregate(source([{ deviceId: 'a', delta: [2], weight }], 1))).rejects.toMatchObject({
        code: 'zero-weight',
      })
  })

  it('sums in float64: small updates are not lost beside large ones', async () => {
    // 2²⁴ + 1 is not a float32; summed in float32 the ones vanish and the mean is 2²⁴/4097, 4094.999…
    const ones = Array.from({ length: 4096 }, (_, i) => ({ deviceId: `b${i}`, delta: [1], weight: 1 }))
    const found = await mean.aggregate(source([{ deviceId: 'a', delta: [2 ** 24], weight: 1 }, ...ones], 1))
    expect(found[0]).toBe(Math.fround((2 ** 24 + 4096) / 4097))
  })
})

/** Rounds of devices with losses (w − centre)²/2, each of which takes so many gradient steps: where w comes to rest. */
async function settle(
  aggregator: Aggregator,
  devices: readonly { readonly centre: number; readonly numSteps: number }[],
  { learningRate, numRounds }: { readonly learningRate: number; readonly numRounds: number },
): Promise<number> {
  let w = 0
  for (let round = 0; round < numRounds; round++) {
    const sent = devices.map(({ centre, numSteps }, i): Sent => ({
      deviceId: `d${i}`,
      delta: [(centre - w) * (1 - (1 - learningRate) ** numSteps)],
      weight: 1,
      effectiveSteps: numSteps,
      lossBefore: (w - centre) ** 2 / 2,
    }))
    w += (await aggregator.aggregate(source(sent, 1)))[0]!
  }
  return w
}

describe('normalized-mean (FedNova)', () => {
  const normalized = aggregators['normalized-mean'].make({})

  it('counts what each did a step', async () => {
    const two = source(
      [
        { deviceId: 'a', delta: [2], weight: 1, effectiveSteps: 1 },
        { deviceId: 'b', delta: [6], weight: 1, effectiveSteps: 3 },
      ],
      1,
    )
    // τ = ½·1 + ½·3 = 2, times ½·2/1 + ½·6/3 = 2
    expect(await normalized.aggregate(two)).toEqual(Float32Array.of(4))
  })

  it('comes to rest at the optimum of all, where the mean is drawn to those with more steps', async () => {
    const devices = [
      { centre: 0, numSteps: 1 },
      { centre: 1, numSteps: 10 },
    ]
    const run = { learningRate: 0.01, numRounds: 400 }
    // Each delta is (1 − 0.99^τ)·(centre − w). Mean: 0.0956 / (0.01 + 0.0956) = 0.905; a step each: 0.00956 / 0.01956 = 0.489.
    expect(await settle(aggregators.mean.make({}), devices, run)).toBeCloseTo(0.905, 3)
    expect(await settle(normalized, devices, run)).toBeCloseTo(0.489, 3)
  })
})

describe('fair-mean (q-FedAvg)', () => {
  const fair = (q: number) => aggregators['fair-mean'].make({ q, lipschitz: 1 })

  it('weighs by the loss, over a bound of the curvature', async () => {
    const two = source(
      [
        { deviceId: 'a', delta: [2], weight: 1, lossBefore: 1 },
        { deviceId: 'b', delta: [6], weight: 1, lossBefore: 3 },
      ],
      1,
    )
    // (1·2 + 3·6) / (1·2² + 1 + 1·6² + 3)
    expect(await fair(1).aggregate(two)).toEqual(Float32Array.of(20 / 44))
  })

  it('comes to rest where the sum of Fᵢ³ is least with q = 2', async () => {
    const devices = [0, 0, 1].map((centre) => ({ centre, numSteps: 1 }))
    const run = { learningRate: 0.1, numRounds: 3000 }
    const rule = aggregators['fair-mean'].make({ q: 2, lipschitz: 1 / run.learningRate })
    // 2·w⁵ = (1 − w)⁵ at w = 1 / (1 + 2^0.2) = 0.4654; the mean rests at a third.
    expect(await settle(rule, devices, run)).toBeCloseTo(0.4654, 2)
    expect(await settle(aggregators.mean.make({}), devices, run)).toBeCloseTo(1 / 3, 3)
  })

  it('does not let a device claim any loss, and takes none for the least', async () => {
    const claim = (lossBefore: number | undefined) => {
      const first = { deviceId: 'a', delta: Float32Array.of(1), weight: 1, effectiveSteps: 1, norm: 1, lossBefore: 1 }
      const second = { ...first, deviceId: 'b', delta: Float32Array.of(-1) }
      const { lossBefore: _, ...silent } = second
      const two: UpdateSource = {
        count: 2,
        size: 1,
        async *[Symbol.asyncIterator]() {
          yield await Promise.resolve(first)
          yield lossBefore === undefined ? silent : { ...second, lossBefore }
        },
      }
      return aggregators['fair-mean'].make({ q: 0.1, lipschitz: 1 }).aggregate(two)
    }
    expect(await claim(1e9)).toEqual(await claim(10))
    expect(await claim(0)).toEqual(await claim(1e-3))
    expect(await claim(undefined)).toEqual(await claim(1e-3))
    // 0.1 · 0.001^−0.9 = 50 in the bound of the second: the first is held up, and not stopped
    expect((await claim(0))[0]).toBeGreaterThan(0.005)
  })
})
