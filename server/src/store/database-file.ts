import { open, readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { readSums, sumsFileOf, type StoredSums } from './page-sums.ts'
import { isBehind, readWal, type Wal } from './wal.ts'

/** Pages read at once. */
const pagesPerRead = 256
const maxNamed = 8

/** Every page of a database file, in order. What is left after the last whole page is no page. */
async function* databasePages(file: string, pageBytes: number): AsyncGenerator<Buffer> {
  const handle = await open(file, 'r')
  try {
    const buffer = Buffer.alloc(pagesPerRead * pageBytes)
    for (let position = 0; ; position += buffer.length) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, position)
      for (let at = 0; at + pageBytes <= bytesRead; at += pageBytes) yield buffer.subarray(at, at + pageBytes)
      if (bytesRead < buffer.length) return
    }
  } finally {
    await handle.close()
  }
}

/**
 * Whether the database file and its log are what the last server wrote: each page against its checksum, the log against
 * the last commit. Reads the file once (about 1 GB/s), writes nothing and asks SQLite nothing, for libsql ends the
 * process on a text that is no UTF-8. Do it before the database is opened.
 * @returns what is wrong, a sentence each; 'unchecked' for a database without checksums, as older versions left it
 */
export async function databaseDamage(file: string): Promise<readonly string[] | 'unchecked'> {
  const name = basename(file)
  const sums = await readSums(file)
  const size = (await stat(file).catch(() => undefined))?.size ?? 0
  if (sums === undefined) return 'unchecked'
  if (sums === 'damaged') return [damagedSums(file)]
  if (size === 0) return [`${name} is empty or gone`]
  const log = await readFile(`${file}-wal`).catch(() => Buffer.alloc(0))
  const wal = readWal(log)
  if (isBehind(wal, sums.noted))
    return [
      `${name}-wal, the newest changes of ${name}, is damaged or cut off: ${wal?.numFrames ?? 0} of at least ` +
        `${sums.noted.numFrames} pages in it can be read`,
    ]
  const bad = await damagedPages(file, sums, wal)
  if (bad.length === 0) return []
  if (bad.every((page) => page > sums.numPages)) return [damagedSums(file)]
  const named = bad.slice(0, maxNamed).join(', ') + (bad.length > maxNamed ? ', …' : '')
  return [`${name} is damaged: ${bad.length} of its pages of ${sums.pageBytes} bytes are not as written (${named})`]
}

const damagedSums = (file: string): string =>
  `${basename(sumsFileOf(file))}, the checksums of ${basename(file)}, is damaged itself`

/**
 * The page with byte 2^30, from which on SQLite locks bytes: it never writes it, to the log neither, so nothing keeps its
 * sum. Source: https://www.sqlite.org/fileformat2.html, section 1.4.
 */
const lockPage = (pageBytes: number): number => Math.floor(2 ** 30 / pageBytes) + 1

/** Pages whose newest image is in the log are not looked at: SQLite takes them from there. */
async function damagedPages(file: string, sums: StoredSums, wal: Wal | undefined): Promise<number[]> {
  const unread = new Set(wal?.pages.keys()).add(lockPage(sums.pageBytes))
  const bad: number[] = []
  let page = 0
  for await (const bytes of databasePages(file, sums.pageBytes)) {
    page += 1
    if (!unread.has(page) && !sums.matches(page, bytes)) bad.push(page)
  }
  // What was cut off has no bytes to compare.
  const numPages = wal !== undefined && wal.numPages > 0 ? wal.numPages : sums.numPages
  for (page += 1; page <= numPages; page++) if (!unread.has(page)) bad.push(page)
  return bad
}
