import { beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { makeRng, shuffle } from '@panal/client-core'
import {
  aggregators,
  decodePartial,
  encodePartial,
  mergedPartials,
  partialAggregate,
  resultOfPartial,
  type LinearRule,
  type PartialAggregate,
  type UpdateSource,
  type WeightedUpdate,
} from '@panal/server'

const size = 5
const ruleNames = ['mean', 'normalized-mean', 'scaffold'] as const
const ruleOf = (name: (typeof ruleNames)[number]): LinearRule => aggregators[name].make({}).linear!

const deviceOf = (i: number): string => `d_${String(i).padStart(22, '0')}`
const digestOf = (i: number): string => i.toString(16).padStart(64, '0')
const value = fc.float({ noNaN: true, min: -100, max: 100 })
const updates: fc.Arbitrary<WeightedUpdate[]> = fc
  .array(
    fc.record({
      values: fc.array(value, { minLength: size, maxLength: size }),
      weight: fc.double({ noNaN: true, min: 0.1, max: 1000 }),
      effectiveSteps: fc.integer({ min: 1, max: 50 }),
      lossBefore: fc.double({ noNaN: true, min: 0.01, max: 5 }),
    }),
    { minLength: 2, maxLength: 20 },
  )
  .map((all) =>
    all.map(({ values, ...facts }, i) => {
      const delta = Float32Array.from({ length: size }, (_, p) => values[p % values.length]!)
      return { deviceId: deviceOf(i), delta, norm: Math.hypot(...delta), ...facts }
    }),
  )
const digests = new Map(Array.from({ length: 20 }, (_, i) => [deviceOf(i), digestOf(i)]))

const sourceOf = (some: readonly WeightedUpdate[], numParams = size): UpdateSource => ({
  count: some.length,
  size: numParams,
  async *[Symbol.asyncIterator]() {
    yield* some
  },
})

/** As several processes would: each folds some, and hands its bytes on to one that merges two at a time. */
async function throughTree(rule: LinearRule, all: readonly WeightedUpdate[], seed: number): Promise<PartialAggregate> {
  const rng = makeRng(seed)
  let level = await Promise.all(shuffle([...all], rng).map((each) => partialAggregate(rule, sourceOf([each]), digests)))
  while (level.length > 1) {
    const [a, b, ...rest] = shuffle(level, rng)
    level = [...rest, mergedPartials(decodePartial(encodePartial(a!)), decodePartial(encodePartial(b!)))]
  }
  return level[0]!
}

describe('partial aggregates', () => {
  it.each(ruleNames)('of %s come to the bytes of the flat one through any tree', async (name) => {
    const rule = ruleOf(name)
    await fc.assert(
      fc.asyncProperty(updates, fc.integer(), async (all, seed) => {
        const flat = await partialAggregate(rule, sourceOf(all), digests)
        const tree = await throughTree(rule, all, seed)
        expect(Buffer.from(encodePartial(tree)).equals(encodePartial(flat))).toBe(true)
        expect(resultOfPartial(rule, tree)).toEqual(resultOfPartial(rule, flat))
        expect(tree.updates.map(({ sha256 }) => sha256)).toEqual(all.map((_, i) => digestOf(i)))
      }),
      { seed: 1, numRuns: 50 },
    )
  })

  it('of a mean are the weighted mean within a rounding to float32', async () => {
    await fc.assert(
      fc.asyncProperty(updates, async (all) => {
        const result = resultOfPartial(ruleOf('mean'), await throughTree(ruleOf('mean'), all, 1))
        const total = all.reduce((sum, { weight }) => sum + weight, 0)
        for (let p = 0; p < size; p++) {
          const wanted = all.reduce((sum, { weight, delta }) => sum + (weight / total) * delta[p]!, 0)
          expect(Math.abs(result[p]! - wanted)).toBeLessThanOrEqual(2 ** -24 * Math.abs(wanted) + 1e-12)
        }
      }),
      { seed: 2, numRuns: 50 },
    )
  })
})

describe('a partial aggregate that is not one', () => {
  const rule = ruleOf('mean')
  const update = (i: number): WeightedUpdate => ({
    deviceId: deviceOf(i),
    delta: Float32Array.of(1, 2, 3, 4, 5),
    weight: 3,
    effectiveSteps: 1,
    norm: Math.sqrt(55),
  })
  let one: PartialAggregate
  let bytes: Uint8Array
  beforeAll(async () => {
    one = await partialAggregate(rule, sourceOf([update(1)]), digests)
    bytes = encodePartial(one)
  })

  it('does not count an update twice', () => {
    expect(() => mergedPartials(one, one)).toThrow(expect.objectContaining({ code: 'counted-twice' }))
  })

  it('is not mixed with that of another rule or model', async () => {
    const other = { code: 'wrong-length' }
    const nova = await partialAggregate(ruleOf('normalized-mean'), sourceOf([update(2)]), digests)
    const small = { ...update(2), delta: Float32Array.of(1) }
    const shorter = await partialAggregate(rule, sourceOf([small], 1), digests)
    for (const each of [nova, shorter]) expect(() => mergedPartials(one, each)).toThrow(expect.objectContaining(other))
    expect(() => resultOfPartial(ruleOf('scaffold'), one)).toThrow(expect.objectContaining(other))
  })

  it('is refused with whatever bit of its bytes wrong that shows, and never throws anything else', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const wrong = bytes.slice()
        wrong[at]! ^= flip
        let decoded: PartialAggregate
        try {
          decoded = decodePartial(wrong)
        } catch (error) {
          expect(error).toMatchObject({ name: 'AggregationError', code: 'damaged-partial' })
          return
        }
        // other numbers, and as exact as any: what tells is the digest that it was sent with
        expect(decoded.sum.high.every((x) => Number.isInteger(x * 2 ** 20))).toBe(true)
        expect(decoded.sum.low.every((x) => Number.isInteger(x * 2 ** 56))).toBe(true)
      }),
      { seed: 3, numRuns: 1000 },
    )
  })

  it('is refused cut off anywhere, and with more behind it', () => {
    const refused = expect.objectContaining({ code: 'damaged-partial' })
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodePartial(bytes.subarray(0, length))).toThrow(refused)
    expect(() => decodePartial(Uint8Array.of(...bytes, 0))).toThrow(refused)
  })

  it('is read from a view at any offset', () => {
    const room = new Uint8Array(bytes.length + 3)
    room.set(bytes, 3)
    expect(decodePartial(room.subarray(3))).toEqual(one)
  })

  it('may not claim more than its updates can come to', () => {
    const high = one.sum.high.slice()
    high[0] = 2 ** 20 // three times one update of at most 5 and a weight of 3 is 15
    const refused = expect.objectContaining({ code: 'damaged-partial' })
    expect(() => decodePartial(encodePartial({ ...one, sum: { ...one.sum, high } }))).toThrow(refused)
    expect(() => decodePartial(encodePartial({ ...one, updates: [] }))).toThrow(refused)
  })
})
