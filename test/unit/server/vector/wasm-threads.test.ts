import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { open, rm, writeFile, type FileHandle, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeRng } from '@panal/client-core'
import type { Place, Rows, VectorEngine } from '@panal/server'
import { scaledRows } from '../../../../server/src/vector/made-rows.ts'
import { rowsAt, shared } from '../../../../server/src/vector/places.ts'
import { makeWasmEngine } from '../../../../server/src/vector/wasm/engine.ts'
import { randomRows } from '../../../fixtures/vector-rows.ts'

/** 320 params of 12 rows are a tile: 32 parts, the last of them shorter. */
const options = { maxTileBytes: 320 * 12 * 4, minThreadedBytes: 0 }
const [count, size] = [12, 10_007]
const values = randomRows(makeRng('threads'), count, size)
const weights = Float64Array.from({ length: count }, (_, k) => k - 3.5)
const mix = { numRows: 2, weights: Float64Array.from({ length: 2 * count }, (_, i) => (i % 5) / 7) }

/** Every operation, one after the other. */
const all = async (engine: VectorEngine, rows: Rows) => [
  await engine.weightedSum(rows, weights, 3),
  await engine.squaredDistances(rows),
  await engine.squaredDistances(rows, mix),
  await engine.select(rows, { by: 'median' }),
  await engine.select(rows, { by: 'nearest-median', count: 5 }, { ...mix, numRows: 8, weights: eight() }),
]
const eight = () => Float64Array.from({ length: 8 * count }, (_, i) => ((i * 3) % 11) / 5)

describe('the wasm engine on threads', () => {
  let folder: string
  const files: FileHandle[] = []
  let rows: Rows
  let scaled: Rows
  const here = makeWasmEngine({ ...options, numThreads: 0 })
  const engines: VectorEngine[] = []
  const threaded = (numThreads: number, more: { workerUrl?: URL } = {}): VectorEngine => {
    engines.push(makeWasmEngine({ ...options, numThreads, ...more }))
    return engines.at(-1)!
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'panal-threads-'))
    for (const row of values) {
      const path = join(folder, `${files.length}.f32`)
      await writeFile(path, new Uint8Array(row.buffer as ArrayBuffer))
      files.push(await open(path, 'r'))
    }
    // by turns in a file and in memory
    const places = values.map((row, k): Place => (k % 2 === 0 ? { fd: files[k]!.fd } : shared(row)))
    rows = rowsAt(places, size)
    scaled = scaledRows(
      rowsAt([...places.slice(1), 'zeros'], size),
      Float64Array.from({ length: count }, (_, k) => 1 / (k + 2)),
    )
  })
  afterAll(async () => {
    for (const engine of engines) engine.close()
    for (const file of files) await file.close()
    await rm(folder, { recursive: true })
  })

  it('comes to the same bytes whatever the number of threads, from files and from memory', async () => {
    for (const each of [rows, scaled]) {
      const wanted = await all(here, each)
      for (const numThreads of [1, 3]) expect(await all(threaded(numThreads), each)).toEqual(wanted)
    }
  })

  it('works on its threads: this one reads nothing', async () => {
    const read = () => {
      throw new Error('read here')
    }
    const engine = threaded(2)
    const wanted = await all(here, rows)
    expect(await all(engine, { ...rows, read })).toEqual(wanted)
    engine.rest?.() // what it needs for the next operation comes back
    expect(await all(engine, { ...rows, read })).toEqual(wanted)
  })

  it('refuses what is not finite, in any part, and works afterwards', async () => {
    const engine = threaded(2)
    const broken = values.map((row) => row.slice())
    broken[5]![9_000] = NaN
    const refused = { name: 'VectorError', code: 'not-finite' }
    await expect(all(engine, rowsAt(broken.map(shared), size))).rejects.toMatchObject(refused)
    expect(await engine.weightedSum(rows, weights)).toEqual(await here.weightedSum(rows, weights))
  })

  it('does itself what its threads do not live to do', async () => {
    const engine = threaded(2, { workerUrl: new URL('../../../fixtures/dying-worker.ts', import.meta.url) })
    expect(await all(engine, rows)).toEqual(await all(here, rows))
  })

  it('says what reading says where a file is shorter than the model', async () => {
    const longer = rowsAt(rows.places!.slice(0, 1), size + 1)
    await expect(threaded(2).select(longer, { by: 'median' })).rejects.toThrow('shorter than the model')
  })

  it('finishes alone what is under way when it is closed', async () => {
    const engine = threaded(2)
    const running = engine.select(rows, { by: 'median' })
    engine.close()
    expect(await running).toEqual(await here.select(rows, { by: 'median' }))
  })
})
