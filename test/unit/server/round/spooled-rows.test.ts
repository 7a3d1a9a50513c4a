import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import { makeAggregator, vectorEngines, type UpdateSource } from '@panal/server'
import { openSpooledRows } from '../../../../server/src/round/spooled-rows.ts'
import { factsIn, updateSourceOf } from '../../../fixtures/update-source.ts'

const rng = makeRng('spooled rows')
const size = 300
const deltas = Array.from({ length: 9 }, () => Array.from({ length: size }, () => rng.normal()))

let folder: string
let paths: string[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-rows-'))
  paths = deltas.map((_, i) => join(folder, `${i}.update`))
  for (const [i, path] of paths.entries()) await writeFile(path, Float32Array.from(deltas[i]!))
})
afterEach(() => rm(folder, { recursive: true }))

/** More than a server may hold, but in files. */
const inFiles = (): UpdateSource => ({
  ...updateSourceOf(deltas, { maxHeldBytes: 100 }),
  openRows: async () => ({ ...(await openSpooledRows(paths, size)), facts: await factsIn(updateSourceOf(deltas)) }),
})

it('updates that are too many to hold are read from their files, tile after tile, and come to the same bytes', async () => {
  const tiny = () => vectorEngines.wasm({ maxTileBytes: 2304 }) // 64 params of 9 rows: five tiles
  for (const aggregator of [
    { name: 'trimmed-mean', f: 2 },
    { name: 'multi-krum', f: 2 },
    { name: 'bulyan', f: 1 },
    { name: 'centred-clipping', tau: 3 },
  ] as const) {
    const rule = makeAggregator({ preAggregators: [{ name: 'clip' }, { name: 'nnm', f: 2 }], aggregator })
    const fromFiles = await rule.aggregate(inFiles(), { engine: await tiny() })
    expect(fromFiles).toEqual(await rule.aggregate(updateSourceOf(deltas), { engine: await tiny() }))
  }
})

it('says that one is damaged when no other is being read any more', async () => {
  const long = new Float32Array(2 ** 22).fill(1)
  await truncate(paths[0]!, 8)
  await writeFile(paths[1]!, long)
  const { rows, close } = await openSpooledRows(paths.slice(0, 2), long.length)
  const into = [new Float32Array(long.length), new Float32Array(long.length)]
  await expect(rows.read(0, into)).rejects.toMatchObject({ code: 'damaged-update' })
  expect(into[1]!.at(-1)).toBe(1)
  await close()
})

it('a file that ends too soon, or is gone, is a damaged update', async () => {
  const median = makeAggregator({ aggregator: { name: 'median' } })
  const damaged = { name: 'AggregationError', code: 'damaged-update' }
  await truncate(paths[8]!, 4 * size - 1)
  await expect(median.aggregate(inFiles())).rejects.toMatchObject(damaged)
  await rm(paths[4]!)
  await expect(median.aggregate(inFiles())).rejects.toMatchObject(damaged)
})
