import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { UploadRoom, type UploadRoomOptions } from '../../../../server/src/store/upload-room.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-room-'))
})
afterEach(() => rm(folder, { recursive: true }))

const room = (changes: Partial<UploadRoomOptions>) =>
  new UploadRoom({
    disk: { freeBytes: 2 ** 40, reserveBytes: 0 },
    folder,
    maxConcurrent: 10,
    maxSpoolBytes: 2 ** 39,
    ...changes,
  })
const nothing = () => Promise.resolve()

/** An upload that has been let in and goes on until it is ended. */
async function begin(uploads: UploadRoom, numBytes: number, to?: 'spool' | 'blobs') {
  let ends = { end: (): void => undefined, fail: (_error: Error): void => undefined }
  let upload: Promise<void> | undefined
  await new Promise<void>((letIn, refused) => {
    const goOn = () => {
      letIn()
      return new Promise<void>((end, fail) => (ends = { end, fail }))
    }
    upload = uploads.use(numBytes, goOn, to)
    upload.catch(refused)
  })
  return { ...ends, upload }
}

/** An update as the spool keeps it. */
async function spool(name: string, numBytes: number): Promise<void> {
  await mkdir(join(folder, 'digits', '1'), { recursive: true })
  await writeFile(join(folder, 'digits', '1', name), Buffer.alloc(numBytes))
}

describe('UploadRoom', () => {
  it('lets in so many uploads at a time, and the next when one has ended, however it ended', async () => {
    const uploads = room({ maxConcurrent: 2 })
    const [first, second] = [await begin(uploads, 1), await begin(uploads, 1)]
    await expect(uploads.use(1, nothing)).rejects.toMatchObject({ code: 'busy', retryAfterMs: expect.any(Number) })
    second.fail(new Error('cut'))
    await expect(second.upload).rejects.toThrow('cut')
    await uploads.use(1, nothing)
    first.end()
    await first.upload
  })

  it('[F44] leaves the reserve free: an upload that would not is 507 with a time to come back', async () => {
    const disk = { freeBytes: 1000, reserveBytes: 400 }
    const uploads = room({ disk })
    const tooMuch = uploads.use(601, nothing)
    await expect(tooMuch).rejects.toMatchObject({ code: 'disk-full', status: 507, retryAfterMs: expect.any(Number) })
    const first = await begin(uploads, 600)
    // The disk still shows 1000: the first has not written a byte.
    await expect(uploads.use(1, nothing)).rejects.toMatchObject({ code: 'disk-full' })
    disk.freeBytes = 400
    first.end()
    await first.upload
    await expect(uploads.use(1, nothing)).rejects.toMatchObject({ code: 'disk-full' })
    disk.freeBytes = 401
    await uploads.use(1, nothing)
  })

  it('[F44] counts what was let in before the disk shows it', async () => {
    const uploads = room({ maxSpoolBytes: 1000 })
    const first = await begin(uploads, 700)
    await uploads.use(300, nothing)
    await expect(uploads.use(1001, nothing)).rejects.toMatchObject({ code: 'disk-full' })
    first.end()
    await first.upload
    await spool('a.update', 700)
    await expect(uploads.use(301, nothing)).rejects.toMatchObject({ code: 'disk-full' })
  })

  it('[F44] keeps all updates together under their cap, and sees at once that a round’s were deleted', async () => {
    const uploads = room({ maxSpoolBytes: 1000 })
    await spool('a.update', 600)
    await uploads.use(300, () => spool('b.update', 300))
    await expect(uploads.use(200, nothing)).rejects.toMatchObject({ code: 'disk-full' })
    await rm(join(folder, 'digits'), { recursive: true })
    await uploads.use(1000, nothing)
  })

  it('does not count a dataset among the updates: near their cap it is let in, and takes none of their room', async () => {
    const uploads = room({ maxSpoolBytes: 1000 })
    await spool('a.update', 900)
    const dataset = await begin(uploads, 5000, 'blobs')
    await uploads.use(100, () => spool('b.update', 100))
    await expect(uploads.use(1, nothing)).rejects.toMatchObject({ code: 'disk-full' })
    await rm(join(folder, 'digits'), { recursive: true })
    await uploads.use(1000, nothing)
    dataset.end()
    await dataset.upload
  })

  it('[F44] leaves the reserve free for datasets and updates together', async () => {
    const uploads = room({ disk: { freeBytes: 1000, reserveBytes: 400 } })
    const dataset = await begin(uploads, 500, 'blobs')
    await expect(uploads.use(101, nothing)).rejects.toMatchObject({ code: 'disk-full' })
    await expect(uploads.use(101, nothing, 'blobs')).rejects.toMatchObject({ code: 'disk-full' })
    await uploads.use(100, nothing)
    dataset.end()
    await dataset.upload
  })
})
