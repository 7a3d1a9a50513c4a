import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { StartupError } from '../../../../server/src/startup-error.ts'
import { openDataDir } from '../../../../server/src/store/data-dir.ts'
import { watchSyncs } from '../../../fixtures/synced-folders.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-data-dir-'))
})
afterEach(async () => {
  jest.restoreAllMocks()
  await rm(folder, { recursive: true })
})

const mode = async (path: string) => (await stat(path)).mode & 0o777

describe('openDataDir', () => {
  it('makes the folders, for this user only', async () => {
    const dataDir = await openDataDir(join(folder, 'new', 'data'))
    for (const path of [dataDir.path, dataDir.blobs, dataDir.uploads, dataDir.temp])
      expect(await mode(path)).toBe(0o700)
    dataDir.close()
  })

  it('syncs each folder that it made one in: their names survive a power cut', async () => {
    const synced = await watchSyncs(folder, ['.', 'new', 'new/data'])
    ;(await openDataDir(join(folder, 'new', 'data'))).close()
    expect(synced).toContainEqual({ path: '.', holds: ['new'] })
    expect(synced).toContainEqual({ path: 'new', holds: ['data'] })
    expect(synced).toContainEqual({ path: 'new/data', holds: ['blobs', 'keys', 'temp', 'uploads'] })
  })

  it('syncs them again at each start, for the one that made them may have ended before it did', async () => {
    ;(await openDataDir(join(folder, 'new', 'data'))).close()
    const synced = await watchSyncs(folder, ['.', 'new', 'new/data'])
    ;(await openDataDir(join(folder, 'new', 'data'))).close()
    expect(synced.map(({ path }) => path)).toEqual(['new/data', 'new'])
  })

  it('[I10] [F48] refuses a second opener, and says which process is the first', async () => {
    const dataDir = await openDataDir(folder)
    const second = openDataDir(folder)
    await expect(second).rejects.toBeInstanceOf(StartupError)
    await expect(second).rejects.toMatchObject({ code: 'data-dir-in-use' })
    await expect(second).rejects.toThrow(`(process ${process.pid})`)
    dataDir.close()
    ;(await openDataDir(folder)).close()
  })

  it('removes files that a crash left half written, and nothing else', async () => {
    const first = await openDataDir(folder)
    await writeFile(join(first.temp, 'half'), 'x')
    await writeFile(join(first.uploads, 'part'), 'x')
    await writeFile(join(first.blobs, 'kept'), 'x')
    first.close()
    const again = await openDataDir(folder)
    expect(await readdir(again.temp)).toEqual([])
    expect(await readdir(again.uploads)).toEqual(['part'])
    expect(await readdir(again.blobs)).toEqual(['kept'])
    again.close()
  })

  it('never empties a folder temp that is not its own', async () => {
    await mkdir(join(folder, 'temp'))
    await writeFile(join(folder, 'temp', 'thesis.odt'), 'x')
    await expect(openDataDir(folder)).rejects.toMatchObject({ code: 'data-dir-not-writable' })
    expect(await readdir(folder)).toEqual(['temp'])
    expect(await readdir(join(folder, 'temp'))).toEqual(['thesis.odt'])
  })

  it('refuses a path that cannot be a folder, with what to do', async () => {
    await writeFile(join(folder, 'file'), '')
    const below = openDataDir(join(folder, 'file', 'data'))
    await expect(below).rejects.toMatchObject({ name: 'StartupError', code: 'data-dir-not-writable' })
    await expect(below).rejects.toThrow('--data')
    await expect(openDataDir(join(folder, 'file'))).rejects.toMatchObject({ code: 'data-dir-not-writable' })
  })

  it('refuses a link to a disk that is not there, at once', async () => {
    const link = join(folder, 'disk')
    await symlink(join(folder, 'not', 'mounted'), link)
    for (const path of [link, join(link, 'panal')])
      await expect(openDataDir(path)).rejects.toMatchObject({ code: 'data-dir-not-writable' })
  })

  it('[F48] refuses a directory that nobody may write, root neither', async () => {
    const readOnly = openDataDir('/proc/self/net/panal-data')
    await expect(readOnly).rejects.toMatchObject({ name: 'StartupError', code: 'data-dir-not-writable' })
  })

  it('discarded, leaves nothing that it made, and everything that was there', async () => {
    const made = await openDataDir(join(folder, 'new', 'and', 'newer'))
    await writeFile(join(made.blobs, 'blob'), 'x')
    await made.discard()
    expect(await readdir(folder)).toEqual([])

    const beside = await openDataDir(join(folder, 'new', 'data'))
    await writeFile(join(folder, 'new', 'thesis.odt'), 'x')
    await beside.discard()
    expect(await readdir(join(folder, 'new'))).toEqual(['thesis.odt'])

    const kept = join(folder, 'data')
    ;(await openDataDir(kept)).close()
    const again = await openDataDir(kept)
    await writeFile(join(again.blobs, 'blob'), 'x')
    await again.discard()
    const third = await openDataDir(kept)
    expect(await readdir(third.blobs)).toEqual(['blob'])
    third.close()
  })

  it('lets go of the lock when it fails half way', async () => {
    await writeFile(join(folder, 'temp'), 'a file where a folder should be')
    await expect(openDataDir(folder)).rejects.toMatchObject({ code: 'data-dir-not-writable' })
    await rm(join(folder, 'temp'))
    ;(await openDataDir(folder)).close()
  })
})
