import { cp, rm, truncate } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { BlobFiles } from '../../../../server/src/store/blob-files.ts'
import { openDataDir } from '../../../../server/src/store/data-dir.ts'
import { openSound, pointedBlobs } from '../../../../server/src/store/open-sound.ts'
import { collected, pointers, report, twoParamTask } from '../../../fixtures/registry-rounds.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()
beforeEach(() => store.registry.createTask(twoParamTask(), Float32Array.of(0, 0), 'ada'))

/** A round whose weights, optimizer's state and aggregate are three files of its own. */
async function concluded(first: number): Promise<void> {
  const round = await store.registry.propose(
    collected(store),
    {
      params: Float32Array.of(first, 1),
      optimizerState: Float32Array.of(first, 2),
      aggregate: Float32Array.of(first, 3),
      sharesState: false,
    },
    {},
  )
  const { champion } = store.registry.pointers('digits')
  await store.registry.conclude(round, report(round.candidateVersion, champion), twoParamTask())
}

const kinds = ['weightsSha256', 'optimizerSha256', 'aggregateSha256'] as const

/** What a start makes of a copy of the data directory, one of whose files is damaged. */
async function startWithout(sha256: string, damage: (path: string) => Promise<void>): Promise<unknown> {
  const copy = join(store.folder, 'copy')
  await cp(store.dataDir.path, copy, { recursive: true })
  const { path } = (await store.blobs.find(sha256))!
  await damage(join(copy, relative(store.dataDir.path, path)))
  const dataDir = await openDataDir(copy)
  try {
    const db = await openSound(dataDir, new BlobFiles(dataDir))
    db.close()
    return 'started'
  } catch (error) {
    return error
  } finally {
    dataDir.close()
    await rm(copy, { recursive: true })
  }
}

describe('a start', () => {
  it.each(kinds)('[F45] refuses where the %s of the head is damaged or gone, and names its file', async (kind) => {
    await concluded(1)
    const sha256 = store.registry.version('digits', store.registry.pointers('digits').head)[kind]!
    for (const damage of [(path: string) => truncate(path, 3), (path: string) => rm(path)])
      expect(await startWithout(sha256, damage)).toMatchObject({
        name: 'StartupError',
        code: 'data-damaged',
        message: expect.stringContaining(`blobs/${sha256.slice(0, 2)}/${sha256}`) as unknown,
      })
  })

  it('starts with damage in the aggregate that a version of before was made of: no round begins from it', async () => {
    await concluded(1)
    await concluded(2)
    expect(store.registry.pointers('digits')).toEqual(pointers(2, 2, 1)) // the first champion stays the anchor
    const [anchor, head] = [1, 2].map((version) => store.registry.version('digits', version))
    expect(pointedBlobs(store.db).sort()).toEqual([anchor!.weightsSha256, ...kinds.map((kind) => head![kind]!)].sort())
    expect(await startWithout(anchor!.aggregateSha256!, (path) => truncate(path, 3))).toBe('started')
  })
})
