import { existsSync } from 'node:fs'
import { open, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import Libsql from 'libsql'
import { ServerKeys } from '../../../../server/src/keys/server-keys.ts'
import { manifestText, type Manifest } from '../../../../server/src/store/backup-manifest.ts'
import { backUp } from '../../../../server/src/store/backup.ts'
import { hashFile } from '../../../../server/src/store/hashed-files.ts'
import { restore } from '../../../../server/src/store/restore.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()
let keys: ServerKeys
let target: string

beforeEach(async () => {
  keys = await ServerKeys.load(store)
  target = join(store.folder, 'monday')
})
afterEach(() => {
  jest.restoreAllMocks()
})

const takeBackup = () =>
  backUp(store.dataDir.path, target, { clock: store.clock, codeVersion: 'test', tell: () => undefined })

/** Calls `act` once, as soon as the file of this name in the backup's keys was written. */
async function onceCopied(name: string, act: () => Promise<unknown>): Promise<void> {
  const probe = await open(store.dataDir.databaseFile)
  const handles = Object.getPrototypeOf(probe) as Pick<typeof probe, 'datasync'>
  await probe.close()
  const { datasync } = handles
  let isDone = false
  jest.spyOn(handles, 'datasync').mockImplementation(async function (this: typeof probe) {
    await datasync.call(this)
    if (isDone || !existsSync(join(`${target}.partial`, 'data', 'keys', name))) return
    isDone = true
    await act()
  })
}

describe('a backup', () => {
  it('taken while the key is rotated has one that signs', async () => {
    // Sorts before any key: when it is copied, the names of the keys have been read and no key has been.
    const first = '+'
    await writeFile(join(store.dataDir.keys, first), '')
    await onceCopied(first, () => keys.rotate())
    const { files } = await takeBackup()
    const kept = await ServerKeys.load({
      dataDir: { ...store.dataDir, keys: join(target, 'data', 'keys') },
      clock: store.clock,
    })
    expect(kept.publicSet).toEqual(keys.publicSet)
    const paths = files.map(({ path }) => path).filter((path) => path.startsWith('keys/'))
    expect(paths).toEqual(
      [first, ...keys.publicSet.keys.map(({ kid }) => `${kid}.json`).sort()].map((each) => `keys/${each}`),
    )
  })

  it('is not made of keys that no server would start with', async () => {
    const file = join(store.dataDir.keys, `${keys.id}.json`)
    const { d: _, ...key } = JSON.parse(await readFile(file, 'utf8')) as { d: string }
    await writeFile(file, JSON.stringify(key))
    await expect(takeBackup()).rejects.toMatchObject({
      code: 'source-damaged',
      lines: [expect.stringContaining(`the newest key ${keys.id} has lost its private half`)],
    })
    expect(await readdir(store.folder)).toEqual(['data'])
  })
})

describe('a restore', () => {
  it('of a newer version’s backup is refused before anything is touched', async () => {
    await takeBackup()
    const file = join(target, 'data', 'panal.db')
    const later = new Libsql(file)
    later.exec(`insert into kysely_migration values ('9999-from-the-future', '2100-01-01T00:00:00.000Z')`)
    later.close()
    const { digest: _, ...manifest } = JSON.parse(await readFile(join(target, 'backup.json'), 'utf8')) as Manifest & {
      digest: string
    }
    const files = await Promise.all(
      manifest.files.map(async ({ path }) => ({ path, ...(await hashFile(join(target, 'data', path))) })),
    )
    await writeFile(join(target, 'backup.json'), manifestText({ ...manifest, files }))

    store.audit.append({ actor: 'ada', action: 'promoted', detail: {} })
    const head = store.audit.head()
    store.db.close()
    store.dataDir.close()
    const before = (await readdir(store.dataDir.path)).sort()
    const restoring = restore(target, store.dataDir.path, { force: true, clock: store.clock, tell: () => undefined })
    await expect(restoring).rejects.toMatchObject({ name: 'StartupError', code: 'database-too-new' })
    await expect(restoring).rejects.toThrow('Nothing was restored')
    expect((await readdir(store.dataDir.path)).sort()).toEqual(before)
    await store.reopen()
    expect(store.audit.head()).toEqual(head)
  })
})
