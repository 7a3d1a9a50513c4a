import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { makeRng } from '@panal/client-core'
import { partitioners, PartitionError, type Partition, type Partitioner } from '@panal/simulations'

/** What a variant does with the examples. */
interface Variant {
  readonly partitioner: Partitioner
  /** `drawn`: an example may be on many devices; `some`: on one or none. */
  readonly deals: 'all' | 'some' | 'drawn'
}
const all = (partitioner: Partitioner): Variant => ({ partitioner, deals: 'all' })
const drawn = (partitioner: Partitioner): Variant => ({ partitioner, deals: 'drawn' })

/** Each registry entry with the options to try it under; a new entry does not compile until it is listed. */
const variants: Record<keyof typeof partitioners, readonly Variant[]> = {
  iid: [all(partitioners.iid.make({})), drawn(partitioners.iid.make({ perDevice: 5 }))],
  shards: [1, 2].map((shardsPerDevice) => all(partitioners.shards.make({ shardsPerDevice }))),
  dirichlet: [
    ...[0.01, 0.5, 100].map((alpha) => all(partitioners.dirichlet.make({ alpha }))),
    ...[0.01, 100].map((alpha) => drawn(partitioners.dirichlet.make({ alpha, perDevice: 5 }))),
  ],
  'dirichlet-quantity': [0.01, 100].map((alpha) => all(partitioners['dirichlet-quantity'].make({ alpha }))),
  pathological: [
    ...[1, 2].map((labelsPerDevice) => all(partitioners.pathological.make({ labelsPerDevice }))),
    drawn(partitioners.pathological.make({ labelsPerDevice: 2, perDevice: 5 })),
  ],
  column: [{ partitioner: partitioners.column.make({ column: 'writer' }), deals: 'some' }],
  sizes: (['linear', 'square', 'exponential'] as const).map((growth) => all(partitioners.sizes.make({ growth }))),
}

const cases = Object.entries(variants).flatMap(([name, each]) =>
  each.map((variant, number) => [`${name} ${number}`, variant, name] as const),
)

/** 10 to 14 examples of each of 4 labels, as mixed as the seed says; writers of 4 examples. Every partitioner can deal them. */
const dealt = fc.record({
  counts: fc.array(fc.integer({ min: 10, max: 14 }), { minLength: 4, maxLength: 4 }),
  seed: fc.nat(),
  numDevices: fc.integer({ min: 4, max: 10 }),
})

interface Dealt {
  readonly counts: readonly number[]
  readonly seed: number
}

function examplesOf({ counts, seed }: Dealt) {
  const rng = makeRng(seed).fork('examples')
  // Labels 0, 2, 4, 6: class indices need not all occur.
  const y = Int32Array.from(counts.flatMap((count, i) => new Array<number>(count).fill(2 * i)))
  const keys = Float64Array.from(y, () => rng.uniform())
  const order = [...y.keys()].sort((a, b) => keys[a]! - keys[b]!)
  return {
    y: Int32Array.from(order, (index) => y[index]!),
    columns: { writer: order.map((index) => `w${Math.floor(index / 4)}`) },
  }
}

const listsOf = (partition: Partition): number[][] =>
  Array.from({ length: partition.numDevices }, (_, device) => [...partition.indicesOf(device)])

const codeOf = (act: () => unknown): string | undefined => {
  try {
    act()
  } catch (error) {
    if (error instanceof PartitionError) return error.code
    throw error
  }
  return undefined
}

describe.each(cases)('partitioner %s', (_, { partitioner, deals }, name) => {
  it('is registered under its own name', () => {
    expect(partitioner.name).toBe(name)
  })

  it('gives every device an example, none twice, and as many as it says', () => {
    fc.assert(
      fc.property(dealt, ({ numDevices, ...of }) => {
        const examples = examplesOf(of)
        const partition = partitioner.partition(examples, numDevices, makeRng(of.seed))
        expect(partition.numDevices).toBe(numDevices)
        const lists = listsOf(partition)
        expect(lists.map((list) => list.length)).toEqual(lists.map((_, device) => partition.sizeOf(device)))
        expect(lists.every((list) => list.length > 0)).toBe(true)
        expect(lists.every((list) => new Set(list).size === list.length)).toBe(true)
        expect(lists.flat().every((index) => index < examples.y.length)).toBe(true)
      }),
      { seed: 1 },
    )
  })

  if (deals !== 'drawn')
    it(`puts ${deals === 'all' ? 'every example on one device' : 'no example on two devices'}`, () => {
      fc.assert(
        fc.property(dealt, ({ numDevices, ...of }) => {
          const examples = examplesOf(of)
          const dealtOut = listsOf(partitioner.partition(examples, numDevices, makeRng(of.seed))).flat()
          expect(new Set(dealtOut).size).toBe(dealtOut.length)
          if (deals === 'all') expect(dealtOut).toHaveLength(examples.y.length)
        }),
        { seed: 2 },
      )
    })

  it('gives the same for the same seed, in whatever order devices are asked for', () => {
    fc.assert(
      fc.property(dealt, ({ numDevices, ...of }) => {
        const examples = examplesOf(of)
        const once = listsOf(partitioner.partition(examples, numDevices, makeRng(of.seed)))
        const again = partitioner.partition(examples, numDevices, makeRng(of.seed))
        const backwards = [...once.keys()].reverse().map((device) => [...again.indicesOf(device)])
        expect(backwards.reverse()).toEqual(once)
        expect(listsOf(again)).toEqual(once)
      }),
      { seed: 3 },
    )
  })

  it('gives something else for another seed', () => {
    const examples = examplesOf({ counts: [14, 14, 14, 14], seed: 1 })
    const seeds = [1, 2, 3].map((seed) => JSON.stringify(listsOf(partitioner.partition(examples, 5, makeRng(seed)))))
    expect(new Set(seeds).size).toBe(3)
  })

  it('leaves its arguments as they were', () => {
    const examples = examplesOf({ counts: [10, 11, 12, 13], seed: 1 })
    const before = structuredClone(examples)
    listsOf(partitioner.partition(examples, 6, makeRng(1)))
    expect(examples).toEqual(before)
  })

  it('refuses no devices, and half a one', () => {
    const examples = examplesOf({ counts: [10, 10, 10, 10], seed: 1 })
    for (const numDevices of [0, -1, 2.5, NaN])
      expect(codeOf(() => partitioner.partition(examples, numDevices, makeRng(1)))).toBe('bad-option')
  })

  if (deals === 'drawn')
    it('lets there be more devices than examples, and refuses to draw more examples than there are', () => {
      const examples = examplesOf({ counts: [10, 10, 10, 10], seed: 1 })
      const { numDevices, indicesOf } = partitioner.partition(examples, 100_000, makeRng(1))
      expect([numDevices, indicesOf(99_999).length]).toEqual([100_000, 5])
      const few = { y: Int32Array.of(0, 1, 0, 1), columns: {} }
      expect(codeOf(() => partitioner.partition(few, 1, makeRng(1)))).toBe('too-few-examples')
    })
  else
    it('refuses more devices than examples', () => {
      const examples = { y: Int32Array.of(0, 1), columns: { writer: ['a', 'b'] } }
      expect(codeOf(() => partitioner.partition(examples, 3, makeRng(1)))).toBe('too-few-examples')
    })
})

describe('partitioners that go by labels', () => {
  it.each(['shards', 'dirichlet', 'pathological'] as const)('%s refuses a label that is no class index', (name) => {
    const [first] = variants[name]
    const examples = { y: Int32Array.of(0, 1, -1, 1) }
    expect(codeOf(() => first!.partitioner.partition(examples, 2, makeRng(1)))).toBe('bad-label')
  })
})
