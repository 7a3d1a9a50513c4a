import { existsSync } from 'node:fs'
import { open, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { ServerKeys } from '../../../../server/src/keys/server-keys.ts'
import { backUp } from '../../../../server/src/store/backup.ts'
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
