import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { addProducts, noProducts, type Products, sliceLength } from '../vector/products.ts'

/** An update that lies in a file as float32, to be looked at from its first to its last byte. */
export interface UpdateTask {
  readonly path: string
  /** As many are looked at, or as many as there are. */
  readonly numBytes: number
  /** [size] What its products are taken with; they count only if the file is that long. */
  readonly other?: Float32Array<SharedArrayBuffer> | undefined
}

export type UpdateAnswer =
  { readonly sha256: string; readonly products: Products } | { readonly detail: string; readonly code?: string }

const port = parentPort
if (port === null) throw new Error('update-worker.ts runs as a worker thread only')

const slice = new Float32Array(sliceLength)
const bytes = new Uint8Array(slice.buffer)

port.on('message', (task: UpdateTask) => {
  port.postMessage(answerTo(task))
})

function answerTo({ path, ...task }: UpdateTask): UpdateAnswer {
  try {
    const fd = openSync(path, 'r')
    try {
      return look(fd, task)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException
    return { detail: message, ...(code !== undefined && { code }) }
  }
}

function look(fd: number, { numBytes: numAll, other }: Omit<UpdateTask, 'path'>): UpdateAnswer {
  const hash = createHash('sha256')
  const products = noProducts()
  for (let start = 0; ; start += sliceLength) {
    const numBytes = fill(fd, 4 * start, Math.min(bytes.length, numAll - 4 * start))
    hash.update(bytes.subarray(0, numBytes))
    const y = other?.subarray(start, start + numBytes / 4)
    if (y !== undefined) addProducts(products, slice.subarray(0, y.length), y)
    if (numBytes < bytes.length) return { sha256: hash.digest('hex'), products }
  }
}

/** Fills the start of the slice from a position on, as far as the file reaches. */
function fill(fd: number, position: number, most: number): number {
  for (let done = 0; ;) {
    const numBytes = readSync(fd, bytes, done, most - done, position + done)
    done += numBytes
    if (numBytes === 0 || done === most) return done
  }
}
