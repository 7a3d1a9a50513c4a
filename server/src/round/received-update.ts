import { open } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import type { Params } from '@panal/client-core'
import { everyDone } from '../every-done.ts'
import { failpoint } from '../failpoint.ts'
import { hasTooManyOpen } from '../has-too-many-open.ts'
import { AggregationError } from '../strategy/strategy.ts'
import { ThreadPool } from '../thread-pool.ts'
import { shared } from '../vector/places.ts'
import { noProducts, type Products, productsOf } from '../vector/products.ts'
import { readWhole } from './spool.ts'
import type { UpdateAnswer, UpdateTask } from './update-worker.ts'

/** An update where it lies, and the digest that its receipt names. */
export interface ReceivedUpdate {
  readonly path: string
  readonly sha256: string
}

/** From so many bytes on threads are quicker than this one, their start included. */
export const minThreadedBytes = 64 * 2 ** 20

/** So many read faster than any disk, and as fast as most memory. */
const maxThreads = 16

const threadsFor = (numBytes: number): number =>
  numBytes >= minThreadedBytes ? Math.min(availableParallelism(), maxThreads) : 0

export interface LookOptions {
  /** Params of each. */
  readonly size: number
  /** [size] What each one's products are taken with; left out, they are zeros. */
  readonly other?: Params
  /** Default: as many as there are cores (16 at most), for many bytes. */
  readonly numThreads?: number
  /** Another program than `update-worker.ts` that speaks the same protocol: for tests. */
  readonly workerUrl?: URL
}

/**
 * Reads updates of float32 from first to last and compares each with its receipt: many bytes on threads, so that this one
 * stays free. What threads cannot do is done here.
 * @throws AggregationError 'damaged-update': trying again would not bring the update back; what opening a file throws where
 * the process or the system has no file handle left
 */
export async function lookAtUpdates(
  updates: readonly ReceivedUpdate[],
  { size, other, numThreads = threadsFor(4 * size * updates.length), workerUrl }: LookOptions,
): Promise<Products[]> {
  const numBytes = 4 * size
  const url = workerUrl ?? new URL('./update-worker.ts', import.meta.url)
  const threads = new ThreadPool<UpdateTask, UpdateAnswer>({ url, numThreads })
  const theirs = other && numThreads > 0 ? shared(other) : undefined
  const answers = updates.map(({ path }) => threads.run({ path, numBytes, other: theirs }))
  let scratch: Buffer | undefined
  const lookHere = async ({ path, sha256 }: ReceivedUpdate): Promise<Products> => {
    const bytes = await readUpdate(path, sha256, (scratch ??= Buffer.allocUnsafeSlow(numBytes)))
    return other === undefined ? noProducts() : productsOf(new Float32Array(bytes.buffer, 0, size), other)
  }
  try {
    const found: Products[] = []
    for (const [i, update] of updates.entries()) {
      const answer = await answers[i]
      found.push(answer === undefined ? await lookHere(update) : checked(answer, update))
      failpoint('mid-aggregate')
    }
    return found
  } finally {
    threads.close()
    await everyDone(answers) // whoever asked may remove the files
  }
}

function checked(answer: UpdateAnswer, { sha256 }: ReceivedUpdate): Products {
  if ('detail' in answer) {
    const cause = Object.assign(new Error(answer.detail), answer.code !== undefined && { code: answer.code })
    throw hasTooManyOpen(cause) ? cause : unreadable(cause)
  }
  if (answer.sha256 !== sha256) throw changed()
  return answer.products
}

/**
 * The bytes of an update, in the start of a buffer, once they have been compared with its receipt.
 * @throws as `lookAtUpdates`
 */
export async function readUpdate(path: string, sha256: string, into: Uint8Array): Promise<Uint8Array> {
  let bytes: Uint8Array
  try {
    const file = await open(path, 'r')
    try {
      bytes = await readWhole(file, into)
    } finally {
      await file.close()
    }
  } catch (cause) {
    throw hasTooManyOpen(cause) ? cause : unreadable(cause)
  }
  const found = Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex')
  if (found !== sha256) throw changed()
  return bytes
}

const unreadable = (cause: unknown): AggregationError =>
  new AggregationError('damaged-update', lost('can no longer be read from the disk'), { cause })
const changed = (): AggregationError =>
  new AggregationError('damaged-update', lost('no longer has the bytes of its receipt'))

/** Without the device: the reason of a round is for everybody to read, its participants are not. */
export const lost = (what: string): string =>
  `damaged-update: an accepted update ${what}; the round is abandoned rather than averaged without it`
