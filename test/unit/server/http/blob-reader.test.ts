import { utimes, writeFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from '@jest/globals'
import type { BlobStore } from '@panal/server'
import { BlobReader } from '../../../../server/src/http/blob-reader.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()

/** Counts the reads that reach the disk. */
function counting(blobs: BlobStore): { store: BlobStore; reads: () => number } {
  let reads = 0
  return {
    store: {
      put: (bytes) => blobs.put(bytes),
      putStream: (stream, maxBytes) => blobs.putStream(stream, maxBytes),
      find: (sha256) => blobs.find(sha256),
      verify: (sha256) => blobs.verify(sha256),
      read: (sha256) => {
        reads++
        return blobs.read(sha256)
      },
    },
    reads: () => reads,
  }
}

describe('BlobReader', () => {
  it('reads a small blob once, however many ask at the same time', async () => {
    const sha256 = await store.blobs.put(Buffer.from('0123456789'))
    const { store: counted, reads } = counting(store.blobs)
    const reader = new BlobReader(counted, 1000)
    const served = await Promise.all(Array.from({ length: 50 }, () => reader.open(sha256)))
    expect(reads()).toBe(1)
    expect(served[49]?.body({ start: 2, end: 4 })).toEqual(Buffer.from('234'))
  })

  it('holds no more bytes than it may: the one unused for longest goes', async () => {
    const digests = await Promise.all([1, 2, 3, 4, 5].map((fill) => store.blobs.put(Buffer.alloc(25, fill))))
    const { store: counted, reads } = counting(store.blobs)
    const reader = new BlobReader(counted, 100)
    for (const sha256 of digests) await reader.open(sha256)
    await reader.open(digests[4]!)
    expect(reads()).toBe(5)
    await reader.open(digests[0]!)
    expect(reads()).toBe(6)
  })

  it('streams a blob that is too big to hold, in part too', async () => {
    const sha256 = await store.blobs.put(Buffer.from('0123456789'))
    const reader = new BlobReader(store.blobs, 8)
    const blob = await reader.open(sha256)
    const body = blob!.body({ start: 7, end: 9 })
    expect(Buffer.isBuffer(body)).toBe(false)
    expect(await buffer(body as never)).toEqual(Buffer.from('789'))
  })

  it.each([8, 1000])('never serves a damaged file (with %s bytes of memory)', async (maxBytes) => {
    const sha256 = await store.blobs.put(Buffer.from('0123456789'))
    const { path } = (await store.blobs.find(sha256))!
    await writeFile(path, '0123456780')
    const reader = new BlobReader(store.blobs, maxBytes)
    await expect(reader.open(sha256)).rejects.toThrow(sha256)
    await store.blobs.put(Buffer.from('0123456789'))
    expect((await reader.open(sha256))?.numBytes).toBe(10)
  })

  it('[F45] looks again at a streamed file that was changed after it was verified', async () => {
    const sha256 = await store.blobs.put(Buffer.from('0123456789'))
    const reader = new BlobReader(store.blobs, 8)
    await reader.open(sha256)
    const { path } = (await store.blobs.find(sha256))!
    await writeFile(path, '0123456780')
    await utimes(path, 1, 1)
    await expect(reader.open(sha256)).rejects.toMatchObject({ code: 'damaged-blob', path })
  })

  it('says where there is nothing', async () => {
    expect(await new BlobReader(store.blobs, 100).open('0'.repeat(64))).toBeUndefined()
  })
})
