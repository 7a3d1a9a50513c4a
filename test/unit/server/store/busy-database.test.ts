import { open, readFile, writeFile } from 'node:fs/promises'
import { afterEach, describe, expect, it, jest } from '@jest/globals'
import { databaseDamage, liveDatabaseDamage } from '../../../../server/src/store/database-file.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()
afterEach(() => {
  jest.restoreAllMocks()
})

const append = (x: string) => store.audit.append({ actor: 'ada', action: 'promoted', detail: { x } })

/** Commits, and brings the log into the database: closing does. */
async function checkpoint(): Promise<void> {
  append('')
  await store.reopen()
}

/** From now on there is a checkpoint during each MiB that somebody reads of a file. */
async function checkpointWhileReading(): Promise<{ numCheckpoints: () => number }> {
  const probe = await open(store.dataDir.databaseFile)
  const handles = Object.getPrototypeOf(probe) as Pick<typeof probe, 'read'>
  await probe.close()
  let [bytes, numCheckpoints] = [0, 0]
  const read = handles.read as (...args: unknown[]) => Promise<{ bytesRead: number }>
  jest.spyOn(handles, 'read').mockImplementation(async function (this: typeof probe, ...args: unknown[]) {
    const { bytesRead } = await read.call(this, ...args)
    bytes += bytesRead
    if (bytes >= 2 ** 20) {
      bytes = 0
      numCheckpoints += 1
      await checkpoint()
    }
    return { bytesRead, buffer: args[0] }
  } as never)
  return { numCheckpoints: () => numCheckpoints }
}

/** Fills the audit trail with so many bytes: each new row changes the last pages of the file. */
async function fill(numBytes: number): Promise<void> {
  store.db.transaction(() => {
    for (let i = 0; i < numBytes / 2048; i++) append('x'.repeat(2048))
  })
  await store.reopen()
}

describe('a database that takes longer to read than from one checkpoint to the next', () => {
  it('is not taken for damaged', async () => {
    await fill(3 * 2 ** 20)
    const writer = await checkpointWhileReading()
    expect(await liveDatabaseDamage(store.dataDir.databaseFile)).toEqual([])
    expect(writer.numCheckpoints()).toBeGreaterThan(0)
    jest.restoreAllMocks()
    expect(await databaseDamage(store.dataDir.databaseFile)).toEqual([])
  })

  it('[F45] is damaged by the one page that is not as written, and by no other', async () => {
    await fill(3 * 2 ** 20)
    const file = store.dataDir.databaseFile
    const bytes = await readFile(file)
    const at = bytes.indexOf('x'.repeat(2048))
    bytes[at]! ^= 1
    await writeFile(file, bytes)
    await checkpointWhileReading()
    const page = Math.floor(at / 4096) + 1
    expect(await liveDatabaseDamage(file)).toEqual([
      `panal.db is damaged: 1 of its pages of 4096 bytes are not as written (${page})`,
    ])
  })
})
