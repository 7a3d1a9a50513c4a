import { copyFile, mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Libsql from 'libsql'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { virtualClock } from '@panal/client-core'
import { AuditLog } from '../../../../server/src/audit/audit-log.ts'
import { databaseDamage } from '../../../../server/src/store/database-file.ts'
import { openDatabase } from '../../../../server/src/store/database.ts'

/** SQLite's biggest, for what this costs is a call for each page. */
const pageBytes = 65_536

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-lock-page-'))
  file = join(folder, 'panal.db')
})
afterEach(() => rm(folder, { recursive: true }))

/** A database with so many bytes in use: but for its first pages a hole, which costs the disk nothing. */
async function makeDatabase(numBytes: number): Promise<void> {
  const small = join(folder, 'small.db')
  const raw = new Libsql(small)
  raw.pragma(`page_size = ${pageBytes}`)
  raw.exec('vacuum')
  raw.close()
  ;(await openDatabase(small)).close()
  await copyFile(small, file)
  const handle = await open(file, 'r+')
  // The size in pages, as the header keeps it: https://www.sqlite.org/fileformat2.html, section 1.3.
  const numPages = Buffer.alloc(4)
  numPages.writeUInt32BE(numBytes / pageBytes)
  await handle.write(numPages, 0, 4, 28)
  await handle.truncate(numBytes)
  await handle.close()
}

describe('a database that grows past 1 GiB', () => {
  // SQLite locks bytes from 2^30 on, and never uses the page that they are in: here 2^30 / 65536 + 1 = 16385.
  it('is sound without the page that SQLite keeps for its locks: killed, closed, and opened again', async () => {
    await makeDatabase(2 ** 30)
    const db = await openDatabase(file)
    const audit = new AuditLog({ db, clock: virtualClock() })
    audit.append({ actor: 'ada', action: 'promoted', detail: { x: 'x'.repeat(200_000) } })
    expect((await stat(file)).size).toBe(2 ** 30)
    expect(await databaseDamage(file)).toEqual([])
    const head = audit.head()
    db.close()
    // There are pages after that of the locks.
    expect((await stat(file)).size).toBeGreaterThan(2 ** 30 + pageBytes)
    expect(await databaseDamage(file)).toEqual([])
    const again = await openDatabase(file)
    expect(new AuditLog({ db: again, clock: virtualClock() }).head()).toEqual(head)
    again.close()
  }, 120_000)
})
