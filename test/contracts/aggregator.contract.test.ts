import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  addUpdate,
  aggregators,
  emptySum,
  type Aggregator,
  type UpdateSource,
  type WeightedUpdate,
} from '@panal/server'

/** Updates as the spool gives them: in order of device id, through one buffer that is overwritten. */
function source(
  updates: readonly { deviceId: string; delta: readonly number[]; weight: number }[],
  size: number,
): UpdateSource {
  const inOrder = [...updates].sort((a, b) => (a.deviceId < b.deviceId ? -1 : 1))
  return {
    count: updates.length,
    size,
    async *[Symbol.asyncIterator](): AsyncGenerator<WeightedUpdate> {
      for (const { deviceId, delta, weight } of inOrder) {
        const buffer = Float32Array.from(delta)
        yield await Promise.resolve({ deviceId, delta: buffer, weight })
        buffer.fill(NaN) // whoever kept a reference notices
      }
    },
  }
}

const size = 5
const delta = fc.array(fc.float({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: size, maxLength: size })
const updates = fc
  .uniqueArray(fc.tuple(fc.string({ minLength: 1, maxLength: 4 }), delta, fc.integer({ min: 1, max: 1e6 })), {
    selector: ([deviceId]) => deviceId,
    minLength: 1,
    maxLength: 12,
  })
  .map((list) => list.map(([deviceId, values, weight]) => ({ deviceId, delta: values, weight })))

/** Each rule with options to try it with. */
const cases = { mean: aggregators.mean.make({}) } as const satisfies Record<keyof typeof aggregators, Aggregator>

describe.each(Object.entries(cases))('aggregator %s', (name, aggregator) => {
  it('is registered under its own name', () => {
    expect(aggregator.name).toBe(name)
  })

  it('[R15] gives the same bytes whatever the order of arrival', async () => {
    await fc.assert(
      fc.asyncProperty(updates, fc.nat(), async (list, rotation) => {
        const moved = list.map((_, i) => list[(i + rotation) % list.length]!).reverse()
        const bytes = Buffer.from((await aggregator.aggregate(source(list, size))).buffer)
        expect(bytes.equals(Buffer.from((await aggregator.aggregate(source(moved, size))).buffer))).toBe(true)
      }),
      { seed: 1 },
    )
  })

  it('returns the common update when all are the same', async () => {
    await fc.assert(
      fc.asyncProperty(delta, fc.integer({ min: 1, max: 9 }), async (values, count) => {
        const same = Array.from({ length: count }, (_, i) => ({ deviceId: `d${i}`, delta: values, weight: i + 1 }))
        const found = await aggregator.aggregate(source(same, size))
        found.forEach((value, i) => expect(value).toBeCloseTo(values[i]!, Math.abs(values[i]!) > 1e3 ? -1 : 3))
      }),
      { seed: 2 },
    )
  })

  it('comes to the same from the sum of the updates, where that is all it needs', async () => {
    const { ofSum } = aggregator
    if (ofSum === undefined) return
    await fc.assert(
      fc.asyncProperty(updates, async (list) => {
        // the sum refuses what is beyond its range: weights of up to 1e6 leave it deltas of up to 100
        const small = list.map((each) => ({ ...each, delta: each.delta.map((value) => value / 1e4) }))
        const sum = emptySum(size)
        for (const each of small) addUpdate(sum, Float32Array.from(each.delta), each.weight)
        const expected = await aggregator.aggregate(source(small, size))
        ofSum(sum).forEach((value, i) => {
          // one rounding to float32 apart, and where the mean cancels, what float64 lost on the way
          expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(2 ** -23 * Math.abs(expected[i]!) + 1e-12)
        })
      }),
      { seed: 3 },
    )
  })

  it('[R17] refuses fewer updates than it needs', async () => {
    await expect(aggregator.aggregate(source([], size))).rejects.toMatchObject({ code: 'too-few' })
  })

  it('refuses an update of another length', async () => {
    const odd = source([{ deviceId: 'd', delta: [1, 2], weight: 1 }], size)
    await expect(aggregator.aggregate(odd)).rejects.toMatchObject({ code: 'wrong-length' })
  })
})

describe('mean', () => {
  it('[R15] weights by example count', async () => {
    const two = source(
      [
        { deviceId: 'a', delta: [2], weight: 1 },
        { deviceId: 'b', delta: [6], weight: 3 },
      ],
      1,
    )
    expect(await cases.mean.aggregate(two)).toEqual(Float32Array.of(5)) // (1·2 + 3·6) / 4
  })

  it('[R17] refuses a total weight of zero, instead of a zero or NaN model', async () => {
    for (const weight of [0, NaN])
      await expect(cases.mean.aggregate(source([{ deviceId: 'a', delta: [2], weight }], 1))).rejects.toMatchObject({
        code: 'zero-weight',
      })
  })

  it('sums in float64: small updates are not lost beside large ones', async () => {
    // 2²⁴ + 1 is not a float32; summed in float32 the ones vanish and the mean is 2²⁴/4097, 4094.999…
    const ones = Array.from({ length: 4096 }, (_, i) => ({ deviceId: `b${i}`, delta: [1], weight: 1 }))
    const found = await cases.mean.aggregate(source([{ deviceId: 'a', delta: [2 ** 24], weight: 1 }, ...ones], 1))
    expect(found[0]).toBe(Math.fround((2 ** 24 + 4096) / 4097))
  })
})
