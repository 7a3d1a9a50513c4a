import { hash } from 'node:crypto'
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncFolder } from './blob-files.ts'
import type { WalPosition } from './wal.ts'

/**
 * What SQLite does not keep: a checksum of every page of the database file, and how far its log had come at the last
 * commit. With both, a flipped bit and a cut tail are seen before a row is read. A file beside the database:
 *
 *   0  'PANALSUM' · u32 version · u32 page size · 8 bytes salt · u32 frames of the log · u32 0 · 16 bytes checksum of these 32
 *  48  16 bytes for each page, from page 1: the start of its SHA-256
 */
const magic = Buffer.from('PANALSUM')
const version = 1
const headerBytes = 48
const sumBytes = 16

export const sumsFileOf = (databaseFile: string): string => `${databaseFile}.sums`

const sumOf = (bytes: Buffer): Buffer => hash('sha256', bytes, 'buffer').subarray(0, sumBytes)

function header(pageBytes: number, { salt, numFrames }: WalPosition): Buffer {
  const bytes = Buffer.alloc(headerBytes)
  magic.copy(bytes)
  bytes.writeUInt32LE(version, 8)
  bytes.writeUInt32LE(pageBytes, 12)
  bytes.write(salt, 16, 'hex')
  bytes.writeUInt32LE(numFrames, 24)
  sumOf(bytes.subarray(0, 32)).copy(bytes, 32)
  return bytes
}

/** Nothing of the log is needed: all of it is in the database file. */
export const emptyLog: WalPosition = { salt: '0'.repeat(16), numFrames: 0 }

/** The checksums as the last server left them. */
export interface StoredSums {
  readonly pageBytes: number
  /** Where the log stood at the last commit, at least. */
  readonly noted: WalPosition
  readonly numPages: number
  matches(page: number, bytes: Buffer): boolean
}

/** Undefined where there is no such file, 'damaged' where it is not as it was written. */
export async function readSums(databaseFile: string): Promise<StoredSums | 'damaged' | undefined> {
  const file = await readFile(sumsFileOf(databaseFile)).catch((error: unknown) => {
    if ((error as { code?: string }).code === 'ENOENT') return undefined
    throw error
  })
  if (file === undefined) return undefined
  const isWhole =
    file.length >= headerBytes &&
    (file.length - headerBytes) % sumBytes === 0 &&
    file.subarray(0, 8).equals(magic) &&
    file.readUInt32LE(8) === version &&
    sumOf(file.subarray(0, 32)).equals(file.subarray(32, headerBytes))
  if (!isWhole) return 'damaged'
  const numPages = (file.length - headerBytes) / sumBytes
  return {
    pageBytes: file.readUInt32LE(12),
    noted: { salt: file.toString('hex', 16, 24), numFrames: file.readUInt32LE(24) },
    numPages,
    matches: (page, bytes) =>
      page <= numPages && sumOf(bytes).equals(file.subarray(headerBytes + (page - 1) * sumBytes).subarray(0, sumBytes)),
  }
}

/** Writes the sums of a database file whose log is empty, whole or not at all. `pages`: all of them, in order. */
export async function createSums(databaseFile: string, pageBytes: number, pages: Iterable<Buffer>): Promise<void> {
  const sums = Array.from(pages, sumOf) // one page after the other: the database may be bigger than the memory
  const temp = `${sumsFileOf(databaseFile)}.new`
  const file = await open(temp, 'w', 0o600)
  try {
    await file.writeFile(Buffer.concat([header(pageBytes, emptyLog), ...sums]))
    await file.datasync()
  } finally {
    await file.close()
  }
  await rename(temp, sumsFileOf(databaseFile))
  await syncFolder(dirname(databaseFile))
}

/** The checksums of an open database, kept true as it changes. Synchronous, as the database is. */
export class PageSums {
  readonly #fd: number
  readonly #pageBytes: number

  constructor(databaseFile: string, pageBytes: number) {
    this.#fd = openSync(sumsFileOf(databaseFile), 'r+')
    this.#pageBytes = pageBytes
  }

  /** The log has come this far. Not synced: after a power cut an earlier note is true as well, and says less. */
  note(position: WalPosition): void {
    writeSync(this.#fd, header(this.#pageBytes, position), 0, headerBytes, 0)
  }

  /** These pages are about to be written to the database file. Durable when it returns; until then they are in the log. */
  update(pages: ReadonlyMap<number, Buffer>): void {
    for (const [page, bytes] of pages)
      writeSync(this.#fd, sumOf(bytes), 0, sumBytes, headerBytes + (page - 1) * sumBytes)
    this.sync()
  }

  sync(): void {
    fdatasyncSync(this.#fd)
  }

  close(): void {
    closeSync(this.#fd)
  }
}
