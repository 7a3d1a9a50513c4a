import { rm } from 'node:fs/promises'
import Libsql from 'libsql'
import { describe, expect, it, jest } from '@jest/globals'
import { openDatabase } from '../../../../server/src/store/database.ts'
import { sumsFileOf } from '../../../../server/src/store/page-sums.ts'
import { query } from '../../../../server/src/store/sync-query.ts'
import { watchSyncs } from '../../../fixtures/synced-folders.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()

const device = (id: string, seenAt = 1) =>
  query.insertInto('devices').values({
    id,
    public_key: '{}',
    alg: 'EdDSA',
    network: '127.0.0.0/24',
    created_at: 1,
    last_seen_at: seenAt,
    revoked_at: null,
    revoked_reason: null,
  })
const ids = () => store.db.all(query.selectFrom('devices').select('id').orderBy('id')).map(({ id }) => id)

describe('Database', () => {
  it('keeps rows over a restart, and migrates once', async () => {
    expect(store.db.run(device('d_a'))).toBe(1)
    await store.reopen()
    expect(ids()).toEqual(['d_a'])
  })

  it('syncs the name of its checksums, which are whole or not there', async () => {
    store.db.close()
    await rm(sumsFileOf(store.dataDir.databaseFile))
    const synced = await watchSyncs(store.dataDir.path, ['.'])
    ;(await openDatabase(store.dataDir.databaseFile)).close()
    jest.restoreAllMocks()
    expect(synced).toEqual([{ path: '.', holds: expect.arrayContaining(['panal.db.sums']) }])
    expect(synced[0]?.holds).not.toContain('panal.db.sums.new')
  })

  it('is durable at each commit: WAL, synchronous FULL, foreign keys on', () => {
    // A connection's own settings can be seen only from it; WAL is in the file.
    const other = new Libsql(store.dataDir.databaseFile)
    expect(other.pragma('journal_mode', { simple: true })).toMatchObject({ journal_mode: 'wal' })
    other.close()
    const orphan = query.insertInto('selections').values({ task_id: 'none', device_id: 'd_a', last_round: 1 })
    expect(() => store.db.run(orphan)).toThrow('FOREIGN KEY')
  })

  it('keeps none of a transaction that throws', () => {
    const work = () =>
      store.db.transaction(() => {
        store.db.run(device('d_a'))
        throw new Error('no')
      })
    expect(work).toThrow('no')
    expect(ids()).toEqual([])
    store.db.run(device('d_b'))
    expect(ids()).toEqual(['d_b'])
  })

  it('joins a transaction inside another: the outer one decides', () => {
    const work = () =>
      store.db.transaction(() => {
        store.db.transaction(() => store.db.run(device('d_a')))
        throw new Error('no')
      })
    expect(work).toThrow('no')
    expect(ids()).toEqual([])
  })

  it('undoes a part of a transaction that fails, with the parts in it, and nothing else', () => {
    const part = (id: string, inner: () => void = () => undefined) => {
      store.db.attempt(() => {
        store.db.run(device(id))
        inner()
      })
    }
    const fail = () => {
      throw new Error('no')
    }
    store.db.transaction(() => {
      part('d_a')
      expect(() => {
        part('d_b', () => {
          part('d_c')
          fail()
        })
      }).toThrow('no')
      part('d_d', () => {
        expect(() => {
          part('d_e', fail)
        }).toThrow('no')
      })
    })
    expect(ids()).toEqual(['d_a', 'd_d'])
    expect(() => {
      part('d_f')
    }).toThrow('there is no transaction')
  })

  it('refuses work that would go on after the transaction', () => {
    expect(() =>
      store.db.transaction(async () => {
        store.db.run(device('d_a'))
        await Promise.resolve()
      }),
    ).toThrow('synchronous')
    expect(ids()).toEqual([])
  })

  it('refuses what SQLite would turn into something else: NaN, booleans, fractions in an integer', () => {
    expect(() => store.db.run(device('d_a', NaN))).toThrow(TypeError)
    // libsql aborts the whole process on a boolean: this test's own process, if nothing stood before it.
    expect(() => store.db.run(device('d_a', true as unknown as number))).toThrow(TypeError)
    expect(() => store.db.run(device('d_a', 1.5))).toThrow('INTEGER')
  })

  it('reads bigger tables than one page of the driver', () => {
    store.db.transaction(() => {
      for (let i = 0; i < 250; i++) store.db.run(device(`d_${String(i).padStart(3, '0')}`))
    })
    expect(ids()).toHaveLength(250)
    expect(store.db.first(query.selectFrom('devices').select('id').orderBy('id', 'desc'))).toEqual({ id: 'd_249' })
  })

  it('refuses a database of a newer version, and says so', async () => {
    const file = store.dataDir.databaseFile
    store.db.close()
    const raw = new Libsql(file)
    raw.exec("insert into kysely_migration (name, timestamp) values ('999-future', '2099-01-01')")
    raw.close()
    await expect(openDatabase(file)).rejects.toMatchObject({ name: 'StartupError', code: 'database-too-new' })
  })
})
