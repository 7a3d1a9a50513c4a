import { copyFile, mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { virtualClock } from '@panal/client-core'
import { AuditLog } from '../../../../server/src/audit/audit-log.ts'
import { databaseDamage } from '../../../../server/src/store/database-file.ts'
import { openDatabase } from '../../../../server/src/store/database.ts'
import { sumsFileOf } from '../../../../server/src/store/page-sums.ts'

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
  ;(await openDatabase(small)).close()
  await copyFile(small, file)
  const handle = await open(file, 'r+')
  // The size in pages, as the header keeps it: https://www.sqlite.org/fileformat2.html, section 1.3.
  const numPages = Buffer.alloc(4)
  numPages.writeUInt32BE(numBytes / 4096)
  await handle.write(numPages, 0, 4, 28)
  await handle.truncate(numBytes)
  await handle.close()
}

describe('a database that grows past 1 GiB', () => {
  // SQLite locks bytes from 2^30 on, and never uses the page that they are in: 2^30 / 4096 + 1 = 262145.
  it('is sound without the page that SQLite keeps for its locks: killed, closed, and opened again', async () => {
    await makeDatabase(2 ** 30)
    const db = await openDatabase(file)
    const audit = new AuditLog({ db, clock: virtualClock() })
    audit.append({ actor: 'ada', action: 'promoted', detail: { x: 'x'.repeat(20_000) } })
    expect((await stat(file)).size).toBe(2 ** 30)
    expect(await databaseDamage(file)).toEqual([])
    const head = audit.head()
    db.close()
    // There are pages after that of the locks.
    expect((await stat(file)).size).toBeGreaterThan(2 ** 30 + 4096)
    expect(await databaseDamage(file)).toEqual([])
    await rm(sumsFileOf(file)) // as after a restore: all sums are taken anew
    const again = await openDatabase(file)
    expect(new AuditLog({ db: again, clock: virtualClock() }).head()).toEqual(head)
    again.close()
  }, 60_000)
})
