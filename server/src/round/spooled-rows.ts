import { open, type FileHandle } from 'node:fs/promises'
import { AggregationError, type OpenRows } from '../strategy/strategy.ts'

/** Files that are read from at once. */
const numAtOnce = 8

/**
 * Updates that lie in files as float32 params in order, read a part of each at a time, straight into an engine's memory.
 * Keeps every file open. @throws AggregationError 'damaged-update', also while it is read; what `open` throws where the process
 * or the system has no file handle left
 */
export async function openSpooledRows(paths: readonly string[], size: number): Promise<OpenRows> {
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
  const read = async (start: number, into: readonly Float32Array[], first = 0): Promise<void> => {
    for (let from = 0; from < into.length; from += numAtOnce)
      await Promise.all(
        into.slice(from, from + numAtOnce).map((row, k) => fill(row, files[first + from + k]!, 4 * start)),
      )
  }
  const places = files.map(({ fd }) => ({ at: { fd }, scale: 1 }))
  return { rows: { count: paths.length, size, read, places }, close }
}

/** Says nothing of the update: later there may be handles again. */
const hasTooManyOpen = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && (cause.code === 'EMFILE' || cause.code === 'ENFILE')

async function fill(row: Float32Array, file: FileHandle, position: number): Promise<void> {
  const bytes = new Uint8Array(row.buffer, row.byteOffset, row.byteLength)
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, position + done)
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
