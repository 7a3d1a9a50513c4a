import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { makeRng } from '@panal/client-core'
import { partitioners, type Partitioner } from '@panal/simulations'

/** Each registry entry with the options to try it under; a new entry does not compile until it is listed. */
const variants: Record<keyof typeof partitioners, readonly Partitioner[]> = {
  iid: [partitioners.iid()],
  dirichlet: [0.01, 0.5, 100].map((alpha) => partitioners.dirichlet({ alpha })),
}

const cases = Object.entries(variants).flatMap(([name, each]) =>
  each.map((partitioner, variant) => [`${name} ${variant}`, partitioner] as const),
)

const dealt = fc
  .record({
    labels: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 300 }),
    seed: fc.nat(),
  })
  .chain(({ labels, seed }) =>
    fc.record({
      labels: fc.constant(Int32Array.from(labels)),
      seed: fc.constant(seed),
      numShards: fc.integer({ min: 1, max: labels.length }),
    }),
  )

describe.each(cases)('partitioner %s', (_, partitioner) => {
  it('puts every example into exactly one shard, and leaves no shard empty', () => {
    fc.assert(
      fc.property(dealt, ({ labels, numShards, seed }) => {
        const shards = partitioner.partition(labels, numShards, makeRng(seed))
        expect(shards).toHaveLength(numShards)
        expect(shards.every((shard) => shard.length > 0)).toBe(true)
        const all = shards.flatMap((shard) => [...shard]).sort((a, b) => a - b)
        expect(all).toEqual([...labels.keys()])
      }),
    )
  })

  it('gives the same shards for the same seed', () => {
    fc.assert(
      fc.property(dealt, ({ labels, numShards, seed }) => {
        const once = partitioner.partition(labels, numShards, makeRng(seed))
        expect(partitioner.partition(labels, numShards, makeRng(seed))).toEqual(once)
      }),
    )
  })

  it('refuses more shards than examples, and no shards', () => {
    expect(() => partitioner.partition(Int32Array.of(0, 1), 3, makeRng(1))).toThrow(RangeError)
    expect(() => partitioner.partition(Int32Array.of(0, 1), 0, makeRng(1))).toThrow(RangeError)
  })
})
