import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { PanalError } from '@panal/client-core'
import { diskFull } from './disk-full.ts'
import type { DiskSpace } from './disk-space.ts'

export interface UploadRoomOptions {
  readonly disk: Pick<DiskSpace, 'freeBytes' | 'reserveBytes'>
  /** Where updates are kept: on that disk, as the database is. */
  readonly folder: string
  /** Uploads at the same time, of updates and datasets together. */
  readonly maxConcurrent: number
  /** All updates together, bytes. */
  readonly maxSpoolBytes: number
}

/** When to come back to a server that has as many uploads as it takes, ms. */
const retryBusyMs = 1_000

/** Whether one more upload may begin, on the whole server. The database must be able to commit when the spool is full. */
export class UploadRoom {
  readonly #options: UploadRoomOptions
  #numUploads = 0
  /** Bytes of the uploads that go on: how many of them the disk shows already is not known. */
  #promisedBytes = 0
  /** Those of them that go into the spool. */
  #promisedSpoolBytes = 0
  /** When last counted, and what was let in since: never too little. */
  #spoolBytes = Infinity
  #counting: Promise<void> | undefined

  constructor(options: UploadRoomOptions) {
    this.#options = options
  }

  /**
   * Runs an upload of so many bytes: of an update into the spool, or of something that goes among the blobs.
   * @throws PanalError 'busy' | 'disk-full', each with a time to come back
   */
  async use<Result>(numBytes: number, upload: () => Promise<Result>, to: 'spool' | 'blobs' = 'spool'): Promise<Result> {
    const { disk, maxConcurrent, maxSpoolBytes } = this.#options
    if (this.#numUploads >= maxConcurrent) throw new PanalError('busy', undefined, { retryAfterMs: retryBusyMs })
    this.#numUploads += 1
    const spoolBytes = to === 'spool' ? numBytes : 0
    const isTooMuch = () => to === 'spool' && this.#spoolBytes + spoolBytes > maxSpoolBytes
    try {
      if (disk.freeBytes - this.#promisedBytes - numBytes < disk.reserveBytes) throw diskFull()
      // Counted only when it may be too much: that reads the whole folder, once for all who ask meanwhile.
      if (isTooMuch()) await (this.#counting ??= this.#count().finally(() => (this.#counting = undefined)))
      if (isTooMuch()) throw diskFull()
      this.#spoolBytes += spoolBytes
      this.#promisedSpoolBytes += spoolBytes
      this.#promisedBytes += numBytes
      return await upload().finally(() => {
        this.#promisedSpoolBytes -= spoolBytes
        this.#promisedBytes -= numBytes
      })
    } finally {
      this.#numUploads -= 1
    }
  }

  async #count(): Promise<void> {
    this.#spoolBytes = (await bytesBelow(this.#options.folder)) + this.#promisedSpoolBytes
  }
}

/** A file that goes away meanwhile counts as none. */
async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  let bytes = 0
  for (const entry of entries) {
    const path = join(folder, entry.name)
    bytes += entry.isDirectory()
      ? await bytesBelow(path)
      : await stat(path).then(
          ({ size }) => size,
          () => 0,
        )
  }
  return bytes
}
