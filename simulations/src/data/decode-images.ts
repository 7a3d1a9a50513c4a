import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import type { Worker } from 'node:worker_threads'
import { spawnWorker } from '@panal/server'
import { DataFileError, messageOf } from './data-file-error.ts'
import type { Decoded, DecodeJob } from './decode-messages.ts'
import { imagePixels, type PixelShape } from './image-pixels.ts'

/** An encoded image that is fetched when its turn comes. */
export interface ImageSource {
  /** For messages. */
  readonly path: string
  readonly row?: number
  readonly read: () => Promise<Uint8Array>
}

export interface DecodeOptions {
  /** Threads that decode; 0: this one. Without it one for each core, and none for a few images. */
  readonly workers?: number
  readonly signal?: AbortSignal
}

/** Images that a thread has before it: while it decodes one, the next ones are being read. */
const prefetch = 4
const fewImages = 256

/**
 * Decodes PNG and JPEG images: [n, height, width, channels] bytes, in the order of `sources`, whoever was ready first. Memory:
 * the result, and `prefetch` encoded images for each thread.
 * @throws DataFileError 'malformed' of an image that is damaged, or what `read` throws
 */
export async function decodeImages(
  sources: readonly ImageSource[],
  shape: PixelShape,
  { workers, signal }: DecodeOptions = {},
): Promise<Uint8Array> {
  const size = shape.height * shape.width * shape.channels
  const all = new Uint8Array(sources.length * size)
  const numWorkers = Math.min(workers ?? (sources.length < fewImages ? 0 : availableParallelism()), sources.length)
  const place = (index: number, pixels: Uint8Array) => all.set(pixels, index * size)
  if (numWorkers === 0) {
    for (const [index, source] of sources.entries()) {
      signal?.throwIfAborted()
      place(index, decodeHere(await source.read(), shape, source))
    }
    return all
  }
  const threads = Array.from({ length: numWorkers }, () => spawnWorker(new URL('./decode-worker.ts', import.meta.url)))
  const queue = sources.entries()
  try {
    await Promise.all(threads.map((thread) => decodeThere({ thread, queue, shape, place, signal })))
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()))
  }
  return all
}

function decodeHere(bytes: Uint8Array, shape: PixelShape, source: ImageSource): Uint8Array {
  try {
    return imagePixels(bytes, shape)
  } catch (cause) {
    throw damaged(source, messageOf(cause))
  }
}

const damaged = ({ path, row }: ImageSource, why: string) =>
  new DataFileError('malformed', path, `the image cannot be decoded: ${why}. Replace it, or leave it out`, { row })

interface Lane {
  readonly thread: Worker
  /** That all lanes take from. */
  readonly queue: IterableIterator<[number, ImageSource]>
  readonly shape: PixelShape
  readonly place: (index: number, pixels: Uint8Array) => void
  readonly signal: AbortSignal | undefined
}

/** Keeps one thread in work until the queue is empty. */
async function decodeThere({ thread, queue, shape, place, signal }: Lane): Promise<void> {
  const waiting = new Map<number, { source: ImageSource; done: (decoded: Decoded) => void }>()
  thread.on('message', (decoded: Decoded) => waiting.get(decoded.index)?.done(decoded))
  const died = once(thread, 'exit').then(([code]) => {
    throw new Error(`a decoding thread ended with code ${String(code)}`)
  })
  const failed = once(thread, 'error').then(([error]) => {
    throw error
  })
  // When all is done the threads are ended, and nobody waits for these any more.
  died.catch(() => undefined)
  failed.catch(() => undefined)
  const lane = async (): Promise<void> => {
    for (const [index, source] of queue) {
      signal?.throwIfAborted()
      const bytes = await source.read()
      const decoded = await new Promise<Decoded>((done) => {
        waiting.set(index, { source, done })
        thread.postMessage({ index, bytes, shape } satisfies DecodeJob)
      })
      waiting.delete(index)
      if ('error' in decoded) throw damaged(source, decoded.error)
      place(index, decoded.pixels)
    }
  }
  await Promise.race([Promise.all(Array.from({ length: prefetch }, lane)), died, failed])
}
