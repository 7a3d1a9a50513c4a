import { endianness } from 'node:os'

/** How far SQLite's write-ahead log has come: which filling of the file (its salts), and its committed frames. */
export interface WalPosition {
  /** 16 hex digits. The first half grows by one each time that the log begins anew. */
  readonly salt: string
  readonly numFrames: number
}

/** What a write-ahead log holds, up to its last commit. */
export interface Wal extends WalPosition {
  readonly pageBytes: number
  /** Pages of the database after the last commit. */
  readonly numPages: number
  /** Page number → where its newest image starts in the file. */
  readonly pages: ReadonlyMap<number, number>
}

const headerBytes = 32
const frameHeaderBytes = 24
const magic = 0x377f0682

/**
 * Reads a log as SQLite's recovery does: frames count as far as their checksums follow from one another, and up to the
 * last that ends a transaction. Undefined for a file without a valid header, which to SQLite is an empty log.
 * Source: https://www.sqlite.org/fileformat2.html, section 4.
 */
export function readWal(file: Buffer): Wal | undefined {
  if (file.length < headerBytes || ((file.readUInt32BE(0) ^ magic) & ~1) !== 0) return undefined
  const sum = new Checksum((file.readUInt32BE(0) & 1) === 1)
  sum.add(file.subarray(0, 24))
  if (!sum.equals(file.readUInt32BE(24), file.readUInt32BE(28))) return undefined
  const pageBytes = file.readUInt32BE(8)
  const salt = file.subarray(16, 24)
  const pages = new Map<number, number>()
  let open: [page: number, offset: number][] = []
  let committed = { numFrames: 0, numPages: 0 }
  const frameBytes = frameHeaderBytes + pageBytes
  for (let at = headerBytes; at + frameBytes <= file.length; at += frameBytes) {
    const frame = file.subarray(at, at + frameBytes)
    sum.add(frame.subarray(0, 8))
    sum.add(frame.subarray(frameHeaderBytes))
    if (!frame.subarray(8, 16).equals(salt) || !sum.equals(frame.readUInt32BE(16), frame.readUInt32BE(20))) break
    open.push([frame.readUInt32BE(0), at + frameHeaderBytes])
    const numPages = frame.readUInt32BE(4)
    if (numPages === 0) continue
    for (const [page, offset] of open) pages.set(page, offset)
    open = []
    committed = { numFrames: (at + frameBytes - headerBytes) / frameBytes, numPages }
  }
  return { salt: salt.toString('hex'), pageBytes, pages, ...committed }
}

/** Bytes of the log, from its start, that hold so many frames. */
export const walBytes = (numFrames: number, pageBytes: number): number =>
  headerBytes + numFrames * (frameHeaderBytes + pageBytes)

/** The newest image of each page in the first frames of a log whose checksums are known to be good. */
export function newestImages(file: Buffer, pageBytes: number): Map<number, Buffer> {
  const images = new Map<number, Buffer>()
  const frameBytes = frameHeaderBytes + pageBytes
  for (let at = headerBytes; at + frameBytes <= file.length; at += frameBytes)
    images.set(file.readUInt32BE(at), file.subarray(at + frameHeaderBytes, at + frameBytes))
  return images
}

/** Bytes of the `-shm` file that say where the log stands. */
export const walIndexBytes = 48

/** The position after the last commit, as SQLite keeps it for its connections. Undefined before the first write. */
export function positionInIndex(header: Buffer): WalPosition | undefined {
  const isInit = header[12] === 1
  return isInit ? { salt: header.toString('hex', 32, 40), numFrames: nativeUInt32(header, 16) } : undefined
}

/** True where a log stands at `found` although it was said to have come to `noted`. */
export function isBehind(found: WalPosition | undefined, noted: WalPosition): boolean {
  if (noted.numFrames === 0) return false
  if (found === undefined) return true
  if (found.salt === noted.salt) return found.numFrames < noted.numFrames
  // The log begins anew only once all it held is in the database: a later filling misses nothing.
  const fillings = (firstSalt(found) - firstSalt(noted)) | 0
  return fillings <= 0
}

const firstSalt = ({ salt }: WalPosition): number => parseInt(salt.slice(0, 8), 16)

const nativeUInt32 = (bytes: Buffer, offset: number): number =>
  endianness() === 'LE' ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset)

/** The log's running checksum over 32-bit words. */
class Checksum {
  #s0 = 0
  #s1 = 0
  readonly #bigEndian: boolean

  constructor(bigEndian: boolean) {
    this.#bigEndian = bigEndian
  }

  add(bytes: Buffer): void {
    const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const isLittle = !this.#bigEndian
    let [s0, s1] = [this.#s0, this.#s1]
    for (let i = 0; i < bytes.length; i += 8) {
      s0 = (s0 + words.getUint32(i, isLittle) + s1) | 0
      s1 = (s1 + words.getUint32(i + 4, isLittle) + s0) | 0
    }
    this.#s0 = s0
    this.#s1 = s1
  }

  equals(s0: number, s1: number): boolean {
    return this.#s0 >>> 0 === s0 && this.#s1 >>> 0 === s1
  }
}
