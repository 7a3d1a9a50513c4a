import { open, readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readSums, sumsFileOf, type StoredSums } from './page-sums.ts'
import { isBehind, readWal } from './wal.ts'

/** Pages read at once. */
const pagesPerRead = 256
const maxNamed = 8
/** Looks at what looks damaged in a file that a running server writes, and ms between two of them. */
const numLooks = 8
const lookAgainMs = 100

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

/** What the pages of a database file are held against. */
interface Written {
  readonly sums: StoredSums
  /** Bytes of these say nothing: their newest image is in the log, where SQLite takes it from, or nothing is ever written. */
  readonly unread: ReadonlySet<number>
  readonly numPages: number
}

type Damage = readonly string[] | 'unchecked'

/**
 * Whether the database file and its log are what the last server wrote: each page against its checksum, the log against
 * the last commit. Reads the file once (about 1 GB/s), writes nothing and asks SQLite nothing, for libsql ends the
 * process on a text that is no UTF-8. Do it before the database is opened.
 * @returns what is wrong, a sentence each; 'unchecked' for a database without checksums, as older versions left it
 */
export async function databaseDamage(file: string): Promise<Damage> {
  const found = await findWritten(file)
  return 'sums' in found ? said(file, found, await damagedPages(file, found)) : found.damage
}

/**
 * `databaseDamage` where a server may be writing. A page that was written since its sum was read looks damaged, and in a
 * big file some always are: those alone are looked at again, each time against sums and log read just before. Damaged is
 * what looks so every time.
 */
export async function liveDatabaseDamage(file: string): Promise<Damage> {
  let suspects: number[] | undefined
  for (let look = 0; ; look++) {
    const found = await findWrittenLive(file)
    if (!('sums' in found)) return found.damage
    suspects = suspects === undefined ? await damagedPages(file, found) : await stillDamaged(file, found, suspects)
    if (suspects.length === 0 || look === numLooks) return said(file, found, suspects)
    await sleep(lookAgainMs)
  }
}

/** Sums and log, or what is wrong with them. */
async function findWritten(file: string): Promise<Written | { readonly damage: Damage }> {
  const name = basename(file)
  const sums = await readSums(file)
  const size = (await stat(file).catch(() => undefined))?.size ?? 0
  if (sums === undefined) return { damage: 'unchecked' }
  if (sums === 'damaged') return { damage: [damagedSums(file)] }
  if (size === 0) return { damage: [`${name} is empty or gone`] }
  const wal = readWal(await readFile(`${file}-wal`).catch(() => Buffer.alloc(0)))
  if (isBehind(wal, sums.noted)) {
    const damage =
      `${name}-wal, the newest changes of ${name}, is damaged or cut off: ${wal?.numFrames ?? 0} of at least ` +
      `${sums.noted.numFrames} pages in it can be read`
    return { damage: [damage] }
  }
  const unread = new Set(wal?.pages.keys()).add(lockPage(sums.pageBytes))
  return { sums, unread, numPages: wal !== undefined && wal.numPages > 0 ? wal.numPages : sums.numPages }
}

/** A log that is begun anew while it is read looks cut off. */
async function findWrittenLive(file: string): ReturnType<typeof findWritten> {
  for (let look = 1; ; look++) {
    const found = await findWritten(file)
    if ('sums' in found || found.damage === 'unchecked' || look === numLooks) return found
    await sleep(lookAgainMs)
  }
}

function said(file: string, { sums }: Written, bad: readonly number[]): string[] {
  if (bad.length === 0) return []
  if (bad.every((page) => page > sums.numPages)) return [damagedSums(file)]
  const named = bad.slice(0, maxNamed).join(', ') + (bad.length > maxNamed ? ', …' : '')
  return [
    `${basename(file)} is damaged: ${bad.length} of its pages of ${sums.pageBytes} bytes are not as written (${named})`,
  ]
}

const damagedSums = (file: string): string =>
  `${basename(sumsFileOf(file))}, the checksums of ${basename(file)}, is damaged itself`

/**
 * The page with byte 2^30, from which on SQLite locks bytes: it never writes it, to the log neither, so nothing keeps its
 * sum. Source: https://www.sqlite.org/fileformat2.html, section 1.4.
 */
const lockPage = (pageBytes: number): number => Math.floor(2 ** 30 / pageBytes) + 1

async function damagedPages(file: string, { sums, unread, numPages }: Written): Promise<number[]> {
  const bad: number[] = []
  let page = 0
  for await (const bytes of databasePages(file, sums.pageBytes)) {
    page += 1
    if (!unread.has(page) && !sums.matches(page, bytes)) bad.push(page)
  }
  // What was cut off has no bytes to compare.
  for (page += 1; page <= numPages; page++) if (!unread.has(page)) bad.push(page)
  return bad
}

/** Those of the pages that look damaged now. Reads these alone. */
async function stillDamaged(file: string, { sums, unread, numPages }: Written, pages: number[]): Promise<number[]> {
  const handle = await open(file, 'r')
  try {
    const bytes = Buffer.alloc(sums.pageBytes)
    const bad: number[] = []
    for (const page of pages) {
      if (unread.has(page)) continue
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, (page - 1) * bytes.length)
      if (bytesRead < bytes.length ? page <= numPages : !sums.matches(page, bytes)) bad.push(page)
    }
    return bad
  } finally {
    await handle.close()
  }
}
