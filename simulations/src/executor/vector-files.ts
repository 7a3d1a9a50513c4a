import { open, writeFile } from 'node:fs/promises'
import type { Params } from '@panal/client-core'
import { ExecutorError } from './executor.ts'

/** Fills the vector from a file of just its length. @throws ExecutorError 'unreadable-vector' */
export async function readVector(path: string, vector: Params): Promise<void> {
  const bytes = new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)
  try {
    const file = await open(path, 'r')
    try {
      const { size } = await file.stat()
      if (size !== bytes.length) throw new RangeError(`it has ${size} bytes of ${bytes.length}`)
      for (let from = 0; from < size;) {
        const { bytesRead } = await file.read(bytes, from, size - from, from)
        if (bytesRead === 0) throw new RangeError(`it ended after ${from} bytes of ${size}`)
        from += bytesRead
      }
    } finally {
      await file.close()
    }
  } catch (cause) {
    throw unreadable(path, cause as NodeJS.ErrnoException)
  }
}

/** What is lost stays lost; what the system refuses to read for now, such as one file too many, may be there. */
function unreadable(path: string, cause: NodeJS.ErrnoException): ExecutorError {
  const said =
    cause instanceof RangeError || cause.code === 'ENOENT'
      ? `${path} is not whole (${cause.message}): begin again in another folder`
      : `${path} cannot be read (${cause.message}): mend that, and --resume goes on`
  return new ExecutorError('unreadable-vector', said, { cause })
}

/** Replaces what is there. Not durable yet, and half a file where the process ends meanwhile. @throws ExecutorError 'unwritable-vector' */
export async function writeVector(path: string, vector: Params): Promise<void> {
  try {
    await writeFile(path, vector)
  } catch (cause) {
    throw new ExecutorError('unwritable-vector', `${(cause as Error).message}: make room, and --resume goes on`, {
      cause,
    })
  }
}
