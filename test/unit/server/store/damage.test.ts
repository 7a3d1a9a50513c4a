import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { makeRng, uniformInt } from '@panal/client-core'
import { sql, type RawBuilder } from 'kysely'
import { databaseDamage } from '../../../../server/src/store/database-file.ts'
import { openDataDir } from '../../../../server/src/store/data-dir.ts'
import { BlobFiles } from '../../../../server/src/store/blob-files.ts'
import type { Database } from '../../../../server/src/store/database.ts'
import { openSound } from '../../../../server/src/store/open-sound.ts'
import { query } from '../../../../server/src/store/sync-query.ts'
import { readWal, walBytes } from '../../../../server/src/store/wal.ts'
import { concluded, twoParamTask } from '../../../fixtures/registry-rounds.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()
/** The data directory as `kill -9` leaves it: with a log that is in the database in part. */
let killed: string
let before: string

beforeEach(async () => {
  await store.registry.createTask(twoParamTask(), Float32Array.of(0, 0), 'ada')
  for (let i = 0; i < 3; i++) await concluded(store)
  await store.reopen() // what came before is in panal.db, what follows in its log
  for (let i = 0; i < 2; i++) await concluded(store, { verdict: 'BLOCK' })
  before = contents(store.db)
  killed = join(store.folder, 'killed')
  await cp(store.dataDir.path, killed, { recursive: true })
  await rm(join(killed, 'temp'), { recursive: true })
})

/** Every row of every table. */
function contents(db: Database): string {
  const all = <Row>(text: RawBuilder<Row>) => db.all<Row>({ compile: () => text.compile(query) })
  const tables = all(sql<{ name: string }>`select name from sqlite_master where type = 'table'`)
  return JSON.stringify(tables.map(({ name }) => [name, all(sql`select * from ${sql.table(name)}`)]))
}

/** What a start makes of a directory: every row as it was, or the message it refuses with. */
async function start(folder = killed): Promise<{ rows: string } | { refused: string }> {
  const dataDir = await openDataDir(folder)
  try {
    const db = await openSound(dataDir, new BlobFiles(dataDir))
    const rows = contents(db)
    db.close()
    return { rows }
  } catch (error) {
    expect(error).toMatchObject({ name: 'StartupError', code: 'data-damaged' })
    return { refused: (error as Error).message }
  } finally {
    dataDir.close()
  }
}

let numTrials = 0

/** Starts on a copy of the directory that has one file damaged, as `change` says; undefined: the file is gone. */
async function startWith(file: string, change: (bytes: Buffer) => Buffer | undefined): ReturnType<typeof start> {
  const trial = join(store.folder, `trial-${++numTrials}`)
  await cp(killed, trial, { recursive: true })
  const bytes = change(await readFile(join(trial, file)))
  if (bytes === undefined) await rm(join(trial, file))
  else await writeFile(join(trial, file), bytes)
  const outcome = await start(trial)
  await rm(trial, { recursive: true })
  return outcome
}

const cutAt = (length: number) => (bytes: Buffer) => bytes.subarray(0, length)
const flip = (bit: number) => (bytes: Buffer) => {
  bytes[bit >> 3]! ^= 1 << (bit & 7)
  return bytes
}

/** All of them up to 2 KiB; of a bigger file those in its first and last KiB, round each boundary of pages, and a sample. */
function lengths(size: number, pageBytes: number, seed: number): number[] {
  const rng = makeRng(seed)
  const near = (at: number) => [at - 1, at, at + 1]
  const boundaries = Array.from({ length: Math.floor(size / pageBytes) }, (_, i) => i * pageBytes).flatMap(near)
  const all = Array.from({ length: size }, (_, i) => i)
  const some = Array.from({ length: 100 }, () => uniformInt(rng, size))
  const chosen = size <= 2048 ? all : [...all.slice(0, 1024), ...all.slice(-1024), ...boundaries, ...some]
  return [...new Set(chosen)].filter((length) => length >= 0 && length < size)
}

/** Bytes of a file that matter: what follows the last commit in the log is left from an earlier filling. */
async function sizeOf(file: string): Promise<number> {
  const bytes = await readFile(join(killed, file))
  return file === 'panal.db-wal' ? walBytes(readWal(bytes)!.numFrames, 4096) : bytes.length
}

describe('a start on damaged state', () => {
  it('finds every row where nothing is damaged', async () => {
    expect(await sizeOf('panal.db-wal')).toBeGreaterThan(20_000)
    expect(await start()).toEqual({ rows: before })
  })

  it.each([
    ['panal.db', 4096],
    ['panal.db-wal', 4120],
    ['panal.db.sums', 16],
  ])(
    '[F45] sees that %s is cut off, at any length, before SQLite reads it, or finds every row',
    async (file, pageBytes) => {
      const path = join(killed, file)
      const bytes = await readFile(path)
      const unseen: number[] = []
      for (const length of lengths(await sizeOf(file), pageBytes, 1)) {
        await writeFile(path, bytes.subarray(0, length))
        const damage = await databaseDamage(join(killed, 'panal.db'))
        if (damage.length === 0) unseen.push(length)
        else expect([length, damage]).toEqual([length, [expect.stringContaining(file)]])
      }
      await writeFile(path, bytes)
      // Of its last page the file may lose what the log has anyway, for a row was written there since.
      for (const length of [unseen[0], unseen[unseen.length >> 1], unseen.at(-1)])
        if (length !== undefined)
          expect([length, await startWith(file, cutAt(length))]).toEqual([length, { rows: before }])
      expect(unseen.length).toBeLessThanOrEqual(file === 'panal.db-wal' ? 0 : 2 * 4096)
      await writeFile(path, bytes.subarray(0, pageBytes))
      expect(await start()).toEqual({
        refused: expect.stringContaining(`panal restore <backup> --force --data ${killed}`),
      })
    },
    60_000,
  )

  it.each(['panal.db', 'panal.db-wal', 'panal.db.sums'])(
    '[F45] refuses %s with one bit flipped anywhere, or finds every row',
    async (file) => {
      const path = join(killed, file)
      const bytes = await readFile(path)
      const numBits = 8 * (await sizeOf(file))
      const rng = makeRng(2)
      let seen = 0
      for (let i = 0; i < 200; i++) {
        const bit = uniformInt(rng, numBits)
        await writeFile(path, flip(bit)(Buffer.from(bytes)))
        const damage = await databaseDamage(join(killed, 'panal.db'))
        await writeFile(path, bytes)
        if (damage.length > 0) seen++
        else expect([bit, await startWith(file, flip(bit))]).toEqual([bit, { rows: before }])
      }
      // A page whose newest image is in the log is not needed from the file; every bit of the log is.
      expect(seen).toBeGreaterThanOrEqual(file === 'panal.db-wal' ? 200 : 60)
    },
    60_000,
  )

  it('[F45] refuses one bit flipped in the audit chain, in a version, in a round, in an update', async () => {
    await store.reopen()
    await rm(killed, { recursive: true })
    await cp(store.dataDir.path, killed, { recursive: true })
    const bytes = await readFile(join(killed, 'panal.db'))
    const texts = [
      'task-created',
      '"verdict":"BLOCK"',
      'initial weights',
      '"participants":["d_a"',
      'b9c80b5adeca',
      'd_b',
    ]
    for (const text of texts) {
      const at = bytes.indexOf(text)
      expect([text, at > 0]).toEqual([text, true])
      for (let bit = 0; bit < 8; bit++) {
        const outcome = await startWith('panal.db', flip((at + 1) * 8 + bit))
        expect([text, bit, outcome]).toEqual([
          text,
          bit,
          { refused: expect.stringContaining('panal.db is damaged: 1') },
        ])
      }
    }
  })

  it('[F45] refuses a database that is gone, and a log that is gone', async () => {
    for (const file of ['panal.db', 'panal.db-wal'])
      expect(await startWith(file, () => undefined)).toEqual({ refused: expect.stringContaining(file) })
  })

  it('does not need the log’s index, the process number or the lock’s bytes', async () => {
    for (const file of ['panal.db-shm', 'server.pid'])
      for (const change of [cutAt(0), cutAt(3), flip(5)])
        expect(await startWith(file, change)).toEqual({ rows: before })
  })

  it('[F45] refuses a lock file of other bytes with a typed error that says to delete it', async () => {
    await writeFile(join(killed, 'lock.db'), 'x'.repeat(2000))
    const opened = openDataDir(killed)
    await expect(opened).rejects.toMatchObject({ name: 'StartupError', code: 'data-damaged' })
    await expect(opened).rejects.toThrow(/lock\.db.*Delete it/)
  })

  it('[F45] refuses a model that is served, cut off at any length or with any bit flipped', async () => {
    const { champion } = store.registry.pointers('digits')
    const { weightsSha256 } = store.registry.version('digits', champion!)
    const file = relative(store.dataDir.path, (await store.blobs.find(weightsSha256))!.path)
    const size = await sizeOf(file)
    const changes = [
      ...Array.from({ length: size }, (_, length) => cutAt(length)),
      ...Array.from({ length: size * 8 }, (_, bit) => flip(bit)),
    ]
    for (const change of changes) {
      const outcome = await startWith(file, change)
      expect(outcome).toEqual({ refused: expect.stringContaining(file) })
      expect(outcome).toEqual({ refused: expect.stringContaining('panal restore <backup> --blobs-only --data') })
    }
  })

  it('[F45] starts with damage in a version that nothing points to, and never reads it out', async () => {
    const { weightsSha256 } = store.registry.version('digits', 0)
    const { path } = (await store.blobs.find(weightsSha256))!
    await truncate(join(killed, relative(store.dataDir.path, path)), 3)
    expect(await start()).toEqual({ rows: before })
    await truncate(path, 3)
    await expect(store.registry.params('digits', 0)).rejects.toMatchObject({ code: 'damaged-blob', path })
  })

  it('[F43] finds nothing wrong after kill -9 at any commit, over several fillings of the log', async () => {
    const audit = (i: number) =>
      store.audit.append({ actor: 'ada', action: 'promoted', detail: { i, x: 'x'.repeat(2000) } })
    const salts = new Set<string>()
    for (let i = 1; i <= 1500; i++) {
      audit(i)
      if (i % 60 !== 0) continue
      await cp(store.dataDir.path, killed, { recursive: true })
      expect([i, await databaseDamage(join(killed, 'panal.db'))]).toEqual([i, []])
      const { salt, numFrames } = readWal(await readFile(join(killed, 'panal.db-wal')))!
      expect(numFrames).toBeLessThan(2000)
      salts.add(salt)
    }
    expect(salts.size).toBeGreaterThan(2)
    before = contents(store.db)
    expect(await start()).toEqual({ rows: before })
  })

  it('takes a database without checksums as it is, once', async () => {
    await rm(join(killed, 'panal.db.sums'))
    expect(await start()).toEqual({ rows: before })
    expect(await readdir(killed)).toContain('panal.db.sums')
    // libsql lets go of a closed database, and deletes its emptied log, when its statements are garbage: at any moment.
    const closed = join(store.folder, 'closed')
    await cp(killed, closed, { recursive: true, filter: (path) => !/-(?:wal|shm)$/.test(path) })
    killed = closed
    expect(await startWith('panal.db', flip(5000 * 8))).toEqual({ refused: expect.stringContaining('panal.db') })
  })
})
