import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { PanalError } from '@panal/client-core'
import type { BlobStore, ByteReader, FoundBlob } from './blobs.ts'
import { diskFull, isDiskFull } from './disk-full.ts'

/** A stored file no longer has the bytes that name it. Restoring the file from a backup mends it; nothing else does. */
export class DamagedBlobError extends Error {
  override readonly name = 'DamagedBlobError'
  readonly code = 'damaged-blob'
  constructor(
    readonly sha256: string,
    readonly path: string,
  ) {
    super(
      `blob ${sha256} is damaged: the bytes of ${path} have another SHA-256. It is not served. Restore this file from a backup: panal restore <backup> --blobs-only --data <data directory>.`,
    )
  }
}

/** Blobs as files `blobs/ab/abcdef…`, as written by any server on the same directory. */
export class BlobFiles implements BlobStore {
  readonly #blobs: string
  readonly #temp: string
  readonly #durableFolders = new Set<string>()

  constructor(folders: { readonly blobs: string; readonly temp: string }) {
    this.#blobs = folders.blobs
    this.#temp = folders.temp
  }

  async put(bytes: Uint8Array): Promise<string> {
    const sha256 = sha256Of(bytes)
    if (await this.#isSound(sha256)) return sha256
    await this.#write(async (file) => {
      await file.writeFile(bytes)
      return sha256
    })
    return sha256
  }

  /** The stream is left as it stands when it is refused: its owner may still have a reply to give. */
  async putStream(
    stream: Readable,
    maxBytes: number,
    reader?: ByteReader,
  ): Promise<{ sha256: string; numBytes: number }> {
    let numBytes = 0
    const sha256 = await this.#write(async (file) => {
      const hash = createHash('sha256')
      for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
        const bytes: unknown = chunk
        if (!(bytes instanceof Uint8Array)) throw new TypeError('putStream: the stream must give bytes')
        numBytes += bytes.length
        if (numBytes > maxBytes) throw new PanalError('too-large', `more than ${maxBytes} bytes`)
        reader?.take(bytes)
        hash.update(bytes)
        await file.writeFile(bytes)
      }
      reader?.end()
      return hash.digest('hex')
    })
    return { sha256, numBytes }
  }

  async read(sha256: string): Promise<Buffer> {
    const path = this.#path(sha256)
    const bytes = path === undefined ? undefined : await unlessMissing(readFile(path))
    if (path === undefined || bytes === undefined) throw new PanalError('not-found', 'there is no blob of this digest')
    if (sha256Of(bytes) !== sha256) throw new DamagedBlobError(sha256, path)
    return bytes
  }

  async verify(sha256: string): Promise<void> {
    const found = await this.find(sha256)
    if (found === undefined) throw new PanalError('not-found', `there is no blob ${sha256}`)
    const hash = createHash('sha256')
    await pipeline(createReadStream(found.path), hash)
    if (hash.digest('hex') !== sha256) throw new DamagedBlobError(sha256, found.path)
  }

  async find(sha256: string): Promise<FoundBlob | undefined> {
    const path = this.#path(sha256)
    const found = path === undefined ? undefined : await unlessMissing(stat(path))
    if (path === undefined || found?.isFile() !== true) return undefined
    return { path, numBytes: found.size, changedAt: found.mtimeMs }
  }

  /** Undefined for what is no digest: a name from outside never becomes part of a path. */
  #path(sha256: string): string | undefined {
    return /^[0-9a-f]{64}$/.test(sha256) ? join(this.#blobs, sha256.slice(0, 2), sha256) : undefined
  }

  /** There and undamaged. Putting a damaged blob again mends it. */
  async #isSound(sha256: string): Promise<boolean> {
    if ((await this.find(sha256)) === undefined) return false
    return this.verify(sha256).then(
      () => true,
      () => false,
    )
  }

  /** A folder counts as there only once its parent was synced, even if another put has just made it. */
  async #ensureFolder(folder: string): Promise<void> {
    if (this.#durableFolders.has(folder)) return
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await syncFolder(this.#blobs)
    this.#durableFolders.add(folder)
  }

  /** Temp file → fdatasync → rename → fsync of the folder: never half a blob under its name, never one lost once said to be there. */
  async #write(fill: (file: FileHandle) => Promise<string>): Promise<string> {
    const temp = join(this.#temp, randomUUID())
    try {
      const file = await open(temp, 'wx', 0o600)
      let sha256: string
      try {
        sha256 = await fill(file)
        await file.datasync()
      } finally {
        await file.close()
      }
      const folder = join(this.#blobs, sha256.slice(0, 2))
      await this.#ensureFolder(folder)
      await rename(temp, join(folder, sha256))
      await syncFolder(folder)
      return sha256
    } catch (error) {
      await rm(temp, { force: true })
      throw isDiskFull(error) ? diskFull(error) : error
    }
  }
}

export const sha256Of = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')

/** Makes a rename in this folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const hasCode = (error: unknown, ...codes: string[]): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && codes.includes(String(error.code))

async function unlessMissing<Result>(result: Promise<Result>): Promise<Result | undefined> {
  try {
    return await result
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}
