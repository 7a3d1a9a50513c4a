import { describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import { everyDevice, partitioners, PartitionError, type Labelled, type Partitioner } from '@panal/simulations'

const numClasses = 10
/** 5,000 examples, 500 of each of ten labels. */
const y = Int32Array.from({ length: 5000 }, (_, index) => index % numClasses)

const devicesOf = (partitioner: Partitioner, numDevices: number, examples: Labelled = { y }) =>
  everyDevice(partitioner.partition(examples, numDevices, makeRng(1)))

const labelsOn = (device: Uint32Array): number[] => [...new Set(Array.from(device, (index) => y[index]!))]

/** Mean over the devices of the share that each device's largest class has. */
function dominance(devices: readonly Uint32Array[]): number {
  const shares = devices.map((device) => {
    const counts = new Array<number>(numClasses).fill(0)
    for (const index of device) counts[y[index]!]!++
    return Math.max(...counts) / device.length
  })
  return shares.reduce((sum, share) => sum + share, 0) / shares.length
}
const spread = (sizes: readonly number[]) => Math.max(...sizes) - Math.min(...sizes)
const sizesOf = (devices: readonly Uint32Array[]) => devices.map((device) => device.length)

const refusal = (act: () => unknown): unknown => {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}

describe('iid', () => {
  it('gives devices that differ in size by at most one', () => {
    expect(spread(sizesOf(devicesOf(partitioners.iid.make({}), 7)))).toBe(1) // 5,000 = 7 · 714 + 2
  })
})

describe('shards', () => {
  it('gives each device whole pieces of the examples sorted by label', () => {
    // 20 devices with 2 shards of 125: a label has exactly 4 shards, so a shard has one label.
    const devices = devicesOf(partitioners.shards.make({ shardsPerDevice: 2 }), 20)
    expect(new Set(sizesOf(devices))).toEqual(new Set([250]))
    expect(devices.every((device) => labelsOn(device).length <= 2)).toBe(true)
  })
  it('refuses more shards than examples', () => {
    const act = () => devicesOf(partitioners.shards.make({ shardsPerDevice: 3 }), 2000)
    expect(refusal(act)).toMatchObject({ code: 'too-few-examples', message: expect.stringContaining('6000 shards') })
  })
})

describe('dirichlet', () => {
  it('a small alpha skews labels, a large one does not', () => {
    const skewed = dominance(devicesOf(partitioners.dirichlet.make({ alpha: 0.1 }), 20))
    const even = dominance(devicesOf(partitioners.dirichlet.make({ alpha: 1000 }), 20))
    // Uniform classes give a tenth; 20 devices of 250 add about two standard deviations (0.019 each) of sampling noise.
    expect(even).toBeLessThan(0.2)
    expect(skewed).toBeGreaterThan(0.4)
  })
  it('does so where devices draw', () => {
    const skewed = dominance(devicesOf(partitioners.dirichlet.make({ alpha: 0.1, perDevice: 250 }), 20))
    const even = dominance(devicesOf(partitioners.dirichlet.make({ alpha: 1000, perDevice: 250 }), 20))
    expect(even).toBeLessThan(0.2)
    expect(skewed).toBeGreaterThan(0.4)
  })
  it('draws every example of a device that asks for all, however small alpha is', () => {
    const [device] = devicesOf(partitioners.dirichlet.make({ alpha: 0.001, perDevice: 5000 }), 1)
    expect([...device!].sort((a, b) => a - b)).toEqual([...y.keys()])
  })
  it('leaves no device empty where nearly all are', () => {
    const devices = devicesOf(partitioners.dirichlet.make({ alpha: 0.001 }), 5000)
    expect(new Set(sizesOf(devices))).toEqual(new Set([1])) // 5,000 examples on 5,000 devices
  })
  it.each([0, -1, NaN, Infinity])('refuses alpha %p', (alpha) => {
    for (const name of ['dirichlet', 'dirichlet-quantity'] as const)
      expect(refusal(() => partitioners[name].make({ alpha }))).toMatchObject({ code: 'bad-option' })
  })
})

describe('dirichlet-quantity', () => {
  it('skews sizes by alpha, and not labels', () => {
    const skewed = devicesOf(partitioners['dirichlet-quantity'].make({ alpha: 0.1 }), 20)
    const even = devicesOf(partitioners['dirichlet-quantity'].make({ alpha: 10_000 }), 20)
    // A share of Dir(α · 1₂₀) has the standard deviation √((1/20 · 19/20) / (20 α + 1)): 0.0005 for 10,000, so 2.4 of 5,000.
    expect(spread(sizesOf(even))).toBeLessThan(24)
    // For 0.1 it is 0.126, so 629 examples; the largest of 20 is far above the mean of 250.
    expect(Math.max(...sizesOf(skewed))).toBeGreaterThan(800)
    const large = skewed.filter((device) => device.length > 500)
    expect(dominance(large)).toBeLessThan(0.2)
  })
})

describe('pathological', () => {
  it('gives each device its number of labels, and each label equally many owners', () => {
    const devices = devicesOf(partitioners.pathological.make({ labelsPerDevice: 3 }), 20)
    expect(devices.map((device) => labelsOn(device).length)).toEqual(new Array(20).fill(3))
    // 20 · 3 / 10 = 6 owners for each label, who have 500 / 6 = 83 or 84 of it each: 249 to 252 examples.
    const owners = y.slice(0, numClasses).map((label) => devices.filter((d) => labelsOn(d).includes(label)).length)
    expect([...owners]).toEqual(new Array(numClasses).fill(6))
    expect(sizesOf(devices).every((size) => size >= 249 && size <= 252)).toBe(true)
  })
  it('draws equally many examples of each label', () => {
    const devices = devicesOf(partitioners.pathological.make({ labelsPerDevice: 2, perDevice: 9 }), 20)
    const counts = devices.map((device) => {
      const [one] = labelsOn(device)
      const ofOne = device.filter((index) => y[index] === one).length
      return [ofOne, device.length - ofOne].sort()
    })
    expect(counts).toEqual(new Array(20).fill([4, 5]))
  })
  it.each([
    [{ labelsPerDevice: 11 }, 20, 'too-few-labels', '10 different labels'],
    [{ labelsPerDevice: 3 }, 3, 'too-few-devices', 'cannot hold 10 labels'],
    [{ labelsPerDevice: 2 }, 4000, 'too-few-examples', 'label 0, of which there are 500'], // 800 owners of each label
    [{ labelsPerDevice: 2, perDevice: 1 }, 4, 'bad-option', 'perDevice is 1'],
    [{ labelsPerDevice: 2, perDevice: 1002 }, 4, 'too-few-examples', '501 examples of one label'],
    [{ labelsPerDevice: 0 }, 4, 'bad-option', 'labelsPerDevice is 0'],
  ] as const)('refuses %j on %d devices', (options, numDevices, code, says) => {
    const error = refusal(() => devicesOf(partitioners.pathological.make(options), numDevices))
    expect(error).toBeInstanceOf(PartitionError)
    expect(error).toMatchObject({ code, message: expect.stringContaining(says) })
  })
})

describe('column', () => {
  const writers = { y: Int32Array.of(0, 1, 2, 3, 4, 5), columns: { writer: ['b', 'a', 'b', 'c', 'a', 'b'] } }
  const byWriter = partitioners.column.make({ column: 'writer' })

  it('gives each device the rows of one value', () => {
    expect(devicesOf(byWriter, 3, writers).map((device) => [...device])).toEqual([[1, 4], [0, 2, 5], [3]]) // a, b, c
  })
  it('takes some of the values where there are more than devices', () => {
    const devices = devicesOf(byWriter, 2, writers).map((device) => [...device].join())
    expect(devices).toHaveLength(2)
    expect(['1,4', '0,2,5', '3']).toEqual(expect.arrayContaining(devices))
  })
  it.each([
    [{ ...writers, columns: {} }, 2, 'unknown-column', 'no column writer. They have none'],
    [{ ...writers, columns: { hand: writers.columns.writer } }, 2, 'unknown-column', 'There are: hand'],
    [writers, 4, 'too-few-values', '3 different values'],
    [{ ...writers, columns: { writer: ['b', 'a', '', 'c', 'a', 'b'] } }, 2, 'missing-value', 'empty in example 2'],
  ] as const)('refuses what does not go by the column (%#)', (examples, numDevices, code, says) => {
    const error = refusal(() => devicesOf(byWriter, numDevices, examples))
    expect(error).toMatchObject({ code, message: expect.stringContaining(says) })
  })
})

describe('sizes', () => {
  const of = (growth: 'linear' | 'square' | 'exponential', rate?: number) =>
    sizesOf(devicesOf(partitioners.sizes.make({ growth, ...(rate === undefined ? {} : { rate }) }), 4))

  // One each, and of the other 4,996: i / 10, i² / 30, 2^i / 30, cut at the rounded cumulative shares.
  it.each([
    ['linear', undefined, [501, 1000, 1500, 1999]], // cuts at 499.6, 1498.8, 2997.6, 4996
    ['square', undefined, [168, 667, 1499, 2666]], // cuts at 166.5, 832.7, 2331.5, 4996
    ['exponential', Math.LN2, [334, 667, 1333, 2666]], // cuts at 333.1, 999.2, 2331.5, 4996
  ] as const)('%s', (growth, rate, expected) => {
    expect(of(growth, rate)).toEqual(expected)
  })
  it('exponential does not overflow with many devices', () => {
    const sizes = sizesOf(devicesOf(partitioners.sizes.make({ growth: 'exponential' }), 4000))
    expect(sizes.slice(0, 3900)).toEqual(new Array(3900).fill(1))
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(5000)
  })
})

describe('a partition', () => {
  it('of 60,000 examples on 60,000 devices keeps two arrays', () => {
    const many = { y: Int32Array.from({ length: 60_000 }, (_, index) => index % numClasses) }
    const partition = partitioners.iid.make({}).partition(many, 60_000, makeRng(1))
    const views = [0, 30_000, 59_999].map((device) => partition.indicesOf(device))
    expect(new Set(views.map(({ buffer }) => buffer)).size).toBe(1)
    expect(views[0]!.buffer.byteLength).toBe(240_000)
  })
})
