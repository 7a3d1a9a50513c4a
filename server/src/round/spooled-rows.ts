import { read } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { promisify } from 'node:util'
import { everyDone } from '../every-done.ts'
import { hasTooManyOpen } from '../has-too-many-open.ts'
import { AggregationError, type OpenRows } from '../strategy/strategy.ts'
import type { Rows } from '../vector/engine.ts'

/** Not `FileHandle.read`, which takes this thread twice as long. */
const readInto = promisify(read)

/**
 * Updates that lie in files as float32 params in order, read a part of each at a time, straight into an engine's memory.
 * Keeps every file open. @throws AggregationError 'damaged-update', also while it is read; what `open` throws where the process
 * or the system has no file handle left
 */
export async function openSpooledRows(paths: readonly string[], size: number): Promise<Omit<OpenRows, 'facts'>> {
  const files: FileHandle[] = []
  const close = async (): Promise<void> => {
    await Promise.all(files.map((file) => file.close()))
  }
  try {
    for (const path of paths) files.push(await open(path, 'r'))
  } catch (cause) {
    await close()
    throw hasTooManyOpen(cause) ? cause : unreadable({ cause })
  }
  const readRows: Rows['read'] = async (start, into, first = 0) => {
    await everyDone(into.map((row, k) => fill(row, files[first + k]!.fd, 4 * start)))
  }
  const places = files.map(({ fd }) => ({ fd }))
  return { rows: { count: paths.length, size, read: readRows, places }, close }
}

async function fill(row: Float32Array, fd: number, position: number): Promise<void> {
  const bytes = new Uint8Array(row.buffer, row.byteOffset, row.byteLength)
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await readInto(fd, bytes, done, bytes.length - done, position + done)
    if (bytesRead === 0) throw unreadable()
    done += bytesRead
  }
}

const unreadable = (options?: ErrorOptions): AggregationError =>
  new AggregationError(
    'damaged-update',
    'damaged-update: an accepted update can no longer be read from the disk; the round is abandoned',
    options,
  )
