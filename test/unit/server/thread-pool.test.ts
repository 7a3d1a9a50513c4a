import { expect, it } from '@jest/globals'
import { ThreadPool } from '../../../server/src/thread-pool.ts'

const doubling = new URL('../../fixtures/doubling-worker.ts', import.meta.url)
const dying = new URL('../../fixtures/dying-worker.ts', import.meta.url)

async function using<T>(
  parts: { url: URL; numThreads: number; workerData?: unknown },
  work: (pool: ThreadPool<number, number>) => Promise<T>,
) {
  const pool = new ThreadPool<number, number>(parts)
  try {
    return await work(pool)
  } finally {
    pool.close()
  }
}

const tasks = [1, 2, 3, 4, 5]
const all = (pool: ThreadPool<number, number>) => Promise.all(tasks.map((task) => pool.run(task)))
const none = tasks.map(() => undefined)

it.each([1, 3])('answers each task by one of %d threads', async (numThreads) => {
  expect(await using({ url: doubling, numThreads }, all)).toEqual([2, 4, 6, 8, 10])
})

it('starts threads again after a rest', async () => {
  await using({ url: doubling, numThreads: 2 }, async (pool) => {
    expect(await pool.run(4)).toBe(8)
    pool.rest()
    expect(await pool.run(5)).toBe(10)
  })
})

it.each([
  ['has no threads', { url: doubling, numThreads: 0 }],
  ['has threads that end', { url: dying, numThreads: 2 }],
  // a function cannot be handed to a thread: starting it throws, as where the system starts no more
  ['cannot start a thread', { url: doubling, numThreads: 2, workerData: () => undefined }],
])('says of every task that no thread did it where it %s', async (_, parts) => {
  expect(await using(parts, all)).toEqual(none)
})

it('settles what is under way when it is closed', async () => {
  const pool = new ThreadPool<number, number>({ url: doubling, numThreads: 1 })
  const running = all(pool)
  pool.close()
  expect(await running).toEqual(none)
})
