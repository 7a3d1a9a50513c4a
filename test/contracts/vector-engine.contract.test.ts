/**
 * @jest-environment <rootDir>/test/native-environment.mjs
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { makeRng, uniformInt } from '@panal/client-core'
import {
  vectorEngines,
  type EngineOptions,
  type OpenEngine,
  type Mix,
  type Rows,
  type Selection,
  type VectorEngine,
} from '@panal/server'
import { openTfjsEngine } from '../../server/src/vector/tfjs/engine.ts'
import { chooseBackend } from '../../server/src/gate/tfjs-backend.ts'
import { scaledRows } from '../../server/src/vector/made-rows.ts'
import { randomRows, reference, rowsOf } from '../fixtures/vector-rows.ts'

/** 128 params of 16 rows; of 33 and more a tile is the shortest there is, 64 params. */
const smallTiles: EngineOptions = { maxTileBytes: 8192 }
/** 320 params of three rows. */
const tinyTiles: EngineOptions = { maxTileBytes: 4096 }

/** tfjs has one backend at a time: this one's, until another engine of it is opened. */
const tfjsOn =
  (backend: 'wasm' | 'cpu'): OpenEngine =>
  async (options) => {
    const tf = await import('@tensorflow/tfjs-core')
    await import('@tensorflow/tfjs-backend-cpu')
    await chooseBackend() // which is where the files of wasm are
    if (!(await tf.setBackend(backend))) throw new Error(`tfjs has no ${backend} here`)
    return openTfjsEngine({ ...options, tf })
  }

interface Case {
  readonly name: string
  readonly open: OpenEngine
  /** What the device is called, where the case is about that. */
  readonly on?: string
  /** [shapes, those of many rows] Only the first so many, of one that takes a second for a mix of 14 rows. */
  readonly first?: readonly [number, number]
}
const cases: Readonly<Record<string, Case>> = {
  ...Object.fromEntries(Object.entries(vectorEngines).map(([name, open]) => [name, { name, open }])),
  'tfjs on wasm': { name: 'tfjs', open: tfjsOn('wasm'), on: ' on wasm' },
  'tfjs on cpu': { name: 'tfjs', open: tfjsOn('cpu'), on: ' on cpu', first: [5, 1] },
}
const rng = makeRng('vector engines')

/** [K, size]: one of each, odd and even, a power of two and its neighbours, and more than one tile of the small engine. */
const shapes: readonly (readonly [number, number])[] = [
  [1, 1],
  [1, 1000],
  [2, 63],
  [3, 64],
  [9, 65],
  [16, 387],
  [2 + uniformInt(rng, 20), 1 + uniformInt(rng, 400)],
]
/** More than a block of pairs, and more than a byte of rows; a mix of so many is for the engines that are quick at it. */
const manyRows: readonly (readonly [number, number])[] = [
  [33, 129],
  [100, 70],
  [200, 65],
]

const weightsOf = (count: number) => Float64Array.from({ length: count }, (_, k) => 1 + ((k * 7) % 13) / 3)
const bytesOf = (values: Float32Array | Float64Array) =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength)

/** Greatest error, each over what it is measured against. */
function greatestError(found: ArrayLike<number>, wanted: Float64Array, against: (i: number) => number): number {
  expect(found).toHaveLength(wanted.length)
  return wanted.reduce((most, value, i) => {
    const error = Math.abs(found[i]! - value)
    return error === 0 ? most : Math.max(most, error / against(i))
  }, 0)
}

const largestAt = (values: readonly Float32Array[]) => (i: number) =>
  Math.max(...values.map((row) => Math.abs(row[i]!)))

/** Every second row is the mean of its two neighbours, and there is one row less. */
function mixOf(count: number): Mix {
  const numRows = Math.max(1, count - 1)
  const weights = new Float64Array(numRows * count)
  for (let r = 0; r < numRows; r++) {
    weights[r * count + r] = r % 2 === 0 ? 1 : 0.5
    if (r % 2 === 1) weights[r * count + r + 1] = 0.5
  }
  return { numRows, weights }
}

const selectionsOf = (count: number): Selection[] => [
  { by: 'median' },
  { by: 'trimmed-mean', trim: Math.floor((count - 1) / 4) },
  { by: 'trimmed-mean', trim: 0 },
  { by: 'nearest-median', count: Math.ceil(count / 2) },
  { by: 'nearest-median', count },
]

describe.each(Object.entries(cases))('vector engine %s', (_, { name, open, on = '', first = [] }) => {
  let engine: VectorEngine
  let small: VectorEngine
  let tiny: VectorEngine
  beforeAll(async () => {
    engine = await open()
    small = await open(smallTiles)
    tiny = await open(tinyTiles)
  })
  afterAll(() => {
    engine.close()
    small.close()
    tiny.close()
  })

  const values = (count: number, size: number) => randomRows(rng.fork(`${count} ${size}`), count, size)

  it('is registered under its own name, and says what it runs on', () => {
    expect(engine.name).toBe(name)
    expect(engine.device).not.toBe('')
    expect(engine.device).toContain(on)
  })

  describe.each(shapes.slice(0, first[0]))('with %d rows of %d params', (count, size) => {
    const made = values(count, size)
    const rows = rowsOf(made)
    const weights = weightsOf(count)

    it('sums within 1e-6 of Σ |weight · x|, in one tile and in many', async () => {
      const wanted = reference.weightedSum(made, weights, 3)
      const magnitude = reference.magnitude(made, weights, 3)
      for (const each of [engine, small])
        expect(
          greatestError(await each.weightedSum(rows, weights, 3), wanted, (i) => magnitude[i]!),
        ).toBeLessThanOrEqual(1e-6)
    })

    it('takes distances within 1e-6 of themselves, and of a row from itself zero', async () => {
      const wanted = reference.squaredDistances(made)
      for (const each of [engine, small]) {
        const found = await each.squaredDistances(rows)
        expect(greatestError(found, wanted, (i) => wanted[i]!)).toBeLessThanOrEqual(1e-6)
      }
    })

    it('selects within 1e-6 of the largest value', async () => {
      for (const by of selectionsOf(count)) {
        const wanted = reference.select(made, by)
        for (const each of [engine, small])
          expect(greatestError(await each.select(rows, by), wanted, largestAt(made))).toBeLessThanOrEqual(1e-6)
      }
    })

    it('does the same on the rows that a mix makes', async () => {
      const mix = mixOf(count)
      const mixed = reference.mix(made, mix)
      const distances = reference.squaredDistances(mixed)
      const by: Selection = { by: 'trimmed-mean', trim: Math.floor((mix.numRows - 1) / 4) }
      // A mixed row is rounded to float32 in another order: its last bit may differ, and a difference of rows by two.
      const scale = Math.max(...mixed.map((row) => Math.hypot(...row)))
      for (const each of [engine, small]) {
        const found = await each.squaredDistances(rows, mix)
        expect(
          greatestError(found, distances, (i) => distances[i]! + scale * Math.sqrt(distances[i]!)),
        ).toBeLessThanOrEqual(1e-6)
        const selected = await each.select(rows, by, mix)
        expect(greatestError(selected, reference.select(mixed, by), largestAt(made))).toBeLessThanOrEqual(1e-6)
      }
    })

    it('does the same on rows that are scaled, and on a mix of them', async () => {
      const scales = Float64Array.from({ length: count }, (_, k) => (k % 3 === 0 ? 1 : 1 / (k + 0.3)))
      const scaled = made.map((row, k) => row.map((value) => value * scales[k]!))
      const mix = mixOf(count)
      const mixed = reference.mix(scaled, mix)
      const weights = weightsOf(count)
      const sum = reference.weightedSum(scaled, weights, 3)
      const magnitude = reference.magnitude(scaled, weights, 3)
      const distances = reference.squaredDistances(scaled)
      const longest = Math.max(...scaled.map((row) => Math.hypot(...row))) // as of mixed rows above
      const of = scaledRows(scaledRows(rows, scales.map(Math.sqrt)), scales.map(Math.sqrt))
      for (const each of [engine, small]) {
        const found = await each.weightedSum(of, weights, 3)
        expect(greatestError(found, sum, (i) => magnitude[i]!)).toBeLessThanOrEqual(1e-6)
        const squared = await each.squaredDistances(of)
        expect(
          greatestError(squared, distances, (i) => distances[i]! + longest * Math.sqrt(distances[i]!)),
        ).toBeLessThanOrEqual(1e-6)
        for (const [selected, wanted] of [
          [await each.select(of, { by: 'median' }), scaled],
          [await each.select(of, { by: 'median' }, mix), mixed],
        ] as const)
          expect(
            greatestError(selected, reference.select(wanted, { by: 'median' }), largestAt(made)),
          ).toBeLessThanOrEqual(1e-6)
      }
    })

    it('gives the same bytes every time', async () => {
      const by: Selection = { by: 'trimmed-mean', trim: Math.floor((count - 1) / 3) }
      const all = async (each: VectorEngine) =>
        Buffer.concat([
          bytesOf(await each.weightedSum(rows, weights)),
          bytesOf(await each.squaredDistances(rows)),
          bytesOf(await each.select(rows, by)),
        ])
      const first = await all(engine)
      expect((await all(engine)).equals(first)).toBe(true)
      // Tiles cut nothing that is computed coordinate by coordinate.
      const sums = [await engine.weightedSum(rows, weights), await small.weightedSum(rows, weights)].map(bytesOf)
      expect(sums[1]!.equals(sums[0]!)).toBe(true)
    })
  })

  it.each(manyRows.slice(0, first[1]))('does the same with %d rows of %d params', async (count, size) => {
    const made = values(count, size)
    const rows = rowsOf(made)
    const distances = reference.squaredDistances(made)
    expect(greatestError(await small.squaredDistances(rows), distances, (i) => distances[i]!)).toBeLessThanOrEqual(1e-6)
    const sum = reference.weightedSum(made, weightsOf(count), 3)
    const magnitude = reference.magnitude(made, weightsOf(count), 3)
    const found = await small.weightedSum(rows, weightsOf(count), 3)
    expect(greatestError(found, sum, (i) => magnitude[i]!)).toBeLessThanOrEqual(1e-6)
    for (const by of selectionsOf(count).filter((_, i) => i % 3 === 0)) {
      const selected = reference.select(made, by)
      expect(greatestError(await small.select(rows, by), selected, largestAt(made))).toBeLessThanOrEqual(1e-6)
    }
  })

  it('selects of more rows than a workgroup of a GPU has memory for', async () => {
    const made = values(1601, 3) // 8 coordinates of 1,536 rows are 48 KiB, the most that desktop GPUs have
    const wanted = reference.select(made, { by: 'median' })
    expect(
      greatestError(await engine.select(rowsOf(made), { by: 'median' }), wanted, largestAt(made)),
    ).toBeLessThanOrEqual(1e-6)
  })

  it('selects the median of an even number as the mean of the two middle values, and equal values as they are', async () => {
    const rows = rowsOf(
      [
        [4, 7],
        [1, 7],
        [3, 7],
        [8, 7],
      ].map((row) => Float32Array.from(row)),
    )
    expect([...(await engine.select(rows, { by: 'median' }))]).toEqual([3.5, 7]) // of 1 3 4 8
    expect([...(await engine.select(rows, { by: 'trimmed-mean', trim: 1 }))]).toEqual([3.5, 7])
  })

  it('takes of two values equally near the median the lower', async () => {
    const rows = rowsOf([[0], [2], [4], [1], [3]].map((row) => Float32Array.from(row)))
    expect([...(await engine.select(rows, { by: 'nearest-median', count: 2 }))]).toEqual([1.5]) // median 2; 1 before 3
  })

  it('keeps a small distance between large vectors, which |x|² + |y|² − 2xy would lose', async () => {
    const far = Float32Array.of(4096, -4096, 4096)
    const near = Float32Array.of(4096, -4096, 4096.5)
    expect([...(await engine.squaredDistances(rowsOf([far, near])))]).toEqual([0, 0.25, 0.25, 0])
  })

  it.each([NaN, Infinity, -Infinity])('refuses %d in every operation, wherever it is', async (bad) => {
    for (const [row, at] of [
      [0, 0],
      [2, 258],
      [4, 64],
    ] as const) {
      const values = randomRows(rng.fork('bad'), 5, 259)
      values[row]![at] = bad
      const rows = rowsOf(values)
      const refused = { name: 'VectorError', code: 'not-finite' }
      await expect(tiny.weightedSum(rows, new Float64Array(5))).rejects.toMatchObject(refused)
      await expect(tiny.squaredDistances(rows)).rejects.toMatchObject(refused)
      for (const by of selectionsOf(5)) await expect(tiny.select(rows, by)).rejects.toMatchObject(refused)
      await expect(tiny.select(rowsOf([values[row]!]), { by: 'median' })).rejects.toMatchObject(refused)
    }
  })

  it('refuses what a scale or a sum takes out of float32', async () => {
    const refused = { name: 'VectorError', code: 'not-finite' }
    const rows = rowsOf([[1], [2], [1e30]].map((row) => Float32Array.from(row)))
    for (const scale of [1e9, 1e20]) {
      const scaled = scaledRows(rows, Float64Array.of(1, 1, scale))
      await expect(engine.select(scaled, { by: 'median' })).rejects.toMatchObject(refused)
      await expect(engine.squaredDistances(scaled)).rejects.toMatchObject(refused)
    }
    const large = rowsOf([Float32Array.of(0, 3e38), Float32Array.of(0, 3e38)])
    await expect(engine.weightedSum(large, Float64Array.of(1, 1))).rejects.toMatchObject(refused)
  })

  it.each([1e39, 1e-39, 0])('scales by %d', async (scale) => {
    const rows = rowsOf([Float32Array.of(1 / 3, 0, -7e-3), Float32Array.of(-1, 2, 1)])
    const factors = Float64Array.of(scale, 1)
    const own = rowsOf([Float32Array.of((1e-38 * 1) / 3, 0, -7e-41), Float32Array.of(-1, 2, 1)])
    const of = scale > 1 ? own : rows
    const sum = await engine.weightedSum(scaledRows(of, factors), Float64Array.of(1, 0))
    const wanted = Array.from({ length: 3 }, (_, i) => {
      const row = new Float32Array(3)
      void of.read(0, [row], 0)
      return Math.fround(row[i]! * scale)
    })
    // an engine may take for 0 what is below the least normal float32
    for (const [i, value] of sum.entries()) expect(Math.abs(value - wanted[i]!)).toBeLessThan(1e-6 * 4 + 1.2e-38)
  })

  it('refuses weights and selections that do not go with the rows', async () => {
    const rows = rowsOf(randomRows(rng.fork('odd'), 4, 10))
    const refused = { code: 'bad-arguments' }
    await expect(engine.weightedSum(rows, new Float64Array(3))).rejects.toMatchObject(refused)
    await expect(engine.select(rows, { by: 'trimmed-mean', trim: 2 })).rejects.toMatchObject(refused)
    await expect(engine.select(rows, { by: 'nearest-median', count: 5 })).rejects.toMatchObject(refused)
    const mix = { numRows: 2, weights: new Float64Array(9) }
    await expect(engine.squaredDistances(rows, mix)).rejects.toMatchObject(refused)
    await expect(engine.weightedSum(rows, Float64Array.of(1, 1, NaN, 1))).rejects.toMatchObject({ code: 'not-finite' })
  })

  it('passes on what reading throws, and works afterwards', async () => {
    const rows = rowsOf(randomRows(rng.fork('torn'), 3, 700))
    const torn: Rows = {
      ...rows,
      read: (start, ...part) => {
        if (start > 0) throw new Error('torn')
        return rows.read(start, ...part)
      },
    }
    await expect(tiny.select(torn, { by: 'median' })).rejects.toThrow('torn')
    expect(await tiny.select(rows, { by: 'median' })).toEqual(await engine.select(rows, { by: 'median' }))
  })

  it('takes operations that are asked for at once one after another', async () => {
    const [a, b] = [3, 4].map((count) => rowsOf(randomRows(rng.fork(String(count)), count, 500)))
    const alone = [await tiny.select(a!, { by: 'median' }), await tiny.select(b!, { by: 'median' })]
    const together = await Promise.all([tiny.select(a!, { by: 'median' }), tiny.select(b!, { by: 'median' })])
    expect(together).toEqual(alone)
  })
})
