import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import Libsql from 'libsql'
import { describe, expect, it } from '@jest/globals'
import { AuditLog } from '../../../../server/src/audit/audit-log.ts'
import { openDatabase } from '../../../../server/src/store/database.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()

const append = (count: number) => {
  for (let i = 1; i <= count; i++)
    store.audit.append({ actor: 'ada', action: 'promoted', detail: { version: i, reason: 'tested by hand' } })
}

/** Alters the file as somebody with access to it could: past the triggers that hold our own code. */
async function tamper(...statements: string[]): Promise<AuditLog> {
  store.db.close()
  const raw = new Libsql(store.dataDir.databaseFile)
  for (const sql of ['drop trigger audit_no_update', 'drop trigger audit_no_delete', ...statements]) raw.exec(sql)
  raw.close()
  const db = await openDatabase(store.dataDir.databaseFile)
  Object.assign(store, { db })
  return new AuditLog({ db, clock: store.clock })
}

describe('AuditLog', () => {
  it('chains each row to all rows before it: h = SHA-256(previous h ‖ row as RFC 8785 JSON)', () => {
    append(2)
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
    // Keys sorted; `detail` is itself canonical JSON, as text.
    const row = (seq: number) =>
      `{"action":"promoted","actor":"ada","at":1000000,"detail":"{\\"reason\\":\\"tested by hand\\",\\"version\\":${seq}}","seq":${seq}}`
    const first = sha256(row(1))
    expect(store.audit.head()).toEqual({ seq: 2, hash: sha256(first + row(2)) })
  })

  it('verifies what was not touched, over restarts and over pages of the walk', async () => {
    expect(await store.audit.verify()).toEqual({ ok: true, numRows: 0, head: '' })
    store.db.transaction(() => append(2500))
    await store.reopen()
    append(1)
    expect(await store.audit.verify()).toEqual({ ok: true, numRows: 2501, head: store.audit.head().hash })
  })

  it('lets others go on during the walk, and verifies what was there when it began', async () => {
    store.db.transaction(() => append(2500))
    const { seq: numRows, hash: head } = store.audit.head()
    const turns: string[] = []
    const verified = store.audit.verify().finally(() => turns.push('verified'))
    const others = (async () => {
      for (let i = 0; i < 2; i++) {
        await setImmediate()
        turns.push('another')
        append(1)
      }
    })()
    expect(await verified).toEqual({ ok: true, numRows, head })
    await others
    expect(turns).toEqual(['another', 'another', 'verified'])
  })

  it.each([
    ['who', "update audit set actor = 'eve' where seq = 3", 3],
    ['when', 'update audit set at = at + 1 where seq = 2', 2],
    ['what', "update audit set action = 'rolled-back' where seq = 5", 5],
    ['why', `update audit set detail = replace(detail, 'hand', 'hans') where seq = 4`, 4],
    ['its hash', "update audit set hash = replace(hash, substr(hash, 1, 1), 'z') where seq = 1", 1],
    ['its place', 'update audit set seq = 9 where seq = 5', 5],
    ['it away', 'delete from audit where seq = 2', 2],
    ['the first rows away', 'delete from audit where seq <= 2', 1],
  ])('names the first row altered: %s', async (_, sql, seq) => {
    append(5)
    const audit = await tamper(sql)
    expect(await audit.verify()).toMatchObject({ ok: false, seq })
  })

  it('notices a row that was altered and hashed anew, one row later', async () => {
    append(3)
    const forged = createHash('sha256')
      .update(store.audit.entries({ limit: 1, before: 2 })[0]!.hash)
      .update(`{"action":"promoted","actor":"eve","at":1000000,"detail":"{}","seq":2}`)
      .digest('hex')
    const audit = await tamper(`update audit set actor = 'eve', detail = '{}', hash = '${forged}' where seq = 2`)
    expect(await audit.verify()).toMatchObject({ ok: false, seq: 3 })
  })

  it('cannot be changed by our own statements', () => {
    append(1)
    const raw = new Libsql(store.dataDir.databaseFile)
    expect(() => raw.exec("update audit set actor = 'eve'")).toThrow('append-only')
    expect(() => raw.exec('delete from audit')).toThrow('append-only')
    raw.close()
  })

  it('forgets a row whose transaction fails', async () => {
    const work = () =>
      store.db.transaction(() => {
        append(1)
        throw new Error('no')
      })
    expect(work).toThrow('no')
    append(1)
    expect(await store.audit.verify()).toMatchObject({ ok: true, numRows: 1 })
  })

  it('lists newest first, page by page', () => {
    append(5)
    expect(store.audit.entries({ limit: 2 }).map(({ seq }) => seq)).toEqual([5, 4])
    const [entry] = store.audit.entries({ limit: 2, before: 4 })
    expect(entry).toMatchObject({ seq: 3, actor: 'ada', detail: { version: 3 } })
  })
})
