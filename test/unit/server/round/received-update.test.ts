import { createHash } from 'node:crypto'
import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import type { UpdateAnswer, UpdateTask } from '../../../../server/src/round/update-worker.ts'
import { ThreadPool } from '../../../../server/src/thread-pool.ts'
import { lookAtUpdates, type ReceivedUpdate } from '../../../../server/src/round/received-update.ts'
import { shared } from '../../../../server/src/vector/places.ts'
import { productsOf } from '../../../../server/src/vector/products.ts'

/** More than a slice, and no multiple of one. */
const size = 2 ** 20 + 37
const rng = makeRng('received updates')
const noise = Float32Array.from({ length: 4093 }, () => rng.normal())
const vector = (k: number) => Float32Array.from({ length: size }, (_, i) => noise[(i * (k + 1) + k) % noise.length]!)
const vectors = [0, 1, 2, 3].map(vector)
const other = vector(4)
const dying = new URL('../../../fixtures/dying-worker.ts', import.meta.url)

let folder: string
let updates: ReceivedUpdate[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-received-'))
  updates = vectors.map((values, k) => {
    const sha256 = createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex')
    return { path: join(folder, `${k}.update`), sha256 }
  })
  for (const [k, { path }] of updates.entries()) await writeFile(path, vectors[k]!)
})
afterEach(() => rm(folder, { recursive: true }))

it('is looked at by the thread itself', async () => {
  const url = new URL('../../../../server/src/round/update-worker.ts', import.meta.url)
  const threads = new ThreadPool<UpdateTask, UpdateAnswer>({ url, numThreads: 1 })
  try {
    const { path, sha256 } = updates[0]!
    const products = await productsOf(vectors[0]!, other)
    expect(await threads.run({ path, numBytes: 4 * size, other: shared(other) })).toEqual({ sha256, products })
    const missing = await threads.run({ path: join(folder, 'missing'), numBytes: 4 })
    expect(missing).toMatchObject({ code: 'ENOENT' })
  } finally {
    threads.close()
  }
})

describe.each([
  ['this thread', { numThreads: 0 }],
  ['two threads', { numThreads: 2 }],
  ['threads that do not live', { numThreads: 2, workerUrl: dying }],
])('on %s', (_, how) => {
  it('takes the products of each with another vector, to the bit', async () => {
    const wanted = await Promise.all(vectors.map((values) => productsOf(values, other)))
    expect(await lookAtUpdates(updates, { size, other, ...how })).toEqual(wanted)
    const [first] = wanted
    const exact = vectors[0]!.reduce((sum, x, i) => sum + x * other[i]!, 0)
    expect(Math.abs(first!.dot - exact)).toBeLessThan(1e-9 * size)
  })

  it('takes no products where there is nothing to take them with', async () => {
    expect(await lookAtUpdates(updates, { size, ...how })).toEqual(
      Array(4).fill({ dot: 0, squaredNorm: 0, squaredDistance: 0 }),
    )
  })

  const damaged = { name: 'AggregationError', code: 'damaged-update' }

  it('refuses one that has other bytes than its receipt says', async () => {
    await writeFile(updates[2]!.path, vectors[1]!)
    await expect(lookAtUpdates(updates, { size, other, ...how })).rejects.toMatchObject({
      ...damaged,
      message: expect.stringContaining('no longer has the bytes of its receipt') as unknown,
    })
  })

  it('looks at no more than what was sent', async () => {
    await appendFile(updates[1]!.path, 'more')
    expect(await lookAtUpdates(updates, { size, ...how })).toHaveLength(4)
  })

  it('refuses one that ends too soon, and one that is gone', async () => {
    await truncate(updates[3]!.path, 4 * size - 1)
    await expect(lookAtUpdates(updates, { size, other, ...how })).rejects.toMatchObject(damaged)
    await rm(updates[0]!.path)
    await expect(lookAtUpdates(updates, { size, ...how })).rejects.toMatchObject({
      ...damaged,
      message: expect.stringContaining('can no longer be read') as unknown,
    })
  })
})
