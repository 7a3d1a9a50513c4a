import { createHash } from 'node:crypto'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import { DamagedBlobError } from '../../../../server/src/store/blob-files.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()

const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7) % 256)
const sha256 = createHash('sha256').update(bytes).digest('hex')
const pathOf = (digest: string) => join(store.dataDir.blobs, digest.slice(0, 2), digest)
const temps = () => readdir(store.dataDir.temp)

async function flipBit(): Promise<void> {
  const damaged = Buffer.from(bytes)
  damaged[50_000]! ^= 1
  await writeFile(pathOf(sha256), damaged)
}

describe('BlobFiles', () => {
  it('keeps bytes under their SHA-256, readable by this user only', async () => {
    expect(await store.blobs.put(bytes)).toBe(sha256)
    expect((await readFile(pathOf(sha256))).equals(bytes)).toBe(true)
    expect((await stat(pathOf(sha256))).mode & 0o777).toBe(0o600)
    expect(await store.blobs.find(sha256)).toMatchObject({ path: pathOf(sha256), numBytes: bytes.length })
    expect((await store.blobs.read(sha256)).equals(bytes)).toBe(true)
  })

  it('takes a view at an odd offset for what it shows', async () => {
    const around = new Uint8Array(bytes.length + 8).fill(255)
    around.set(bytes, 3)
    expect(await store.blobs.put(around.subarray(3, 3 + bytes.length))).toBe(sha256)
  })

  it('may be given the same bytes again, also at the same time', async () => {
    expect(await Promise.all([bytes, bytes, bytes].map((each) => store.blobs.put(each)))).toEqual(Array(3).fill(sha256))
    expect(await store.blobs.put(bytes)).toBe(sha256)
    expect(await readdir(join(store.dataDir.blobs, sha256.slice(0, 2)))).toEqual([sha256])
    expect(await temps()).toEqual([])
  })

  it('never gives out damaged bytes: one flipped bit is named, with the file to restore', async () => {
    await store.blobs.put(bytes)
    await flipBit()
    const read = store.blobs.read(sha256)
    await expect(read).rejects.toBeInstanceOf(DamagedBlobError)
    await expect(read).rejects.toMatchObject({ code: 'damaged-blob', sha256, path: pathOf(sha256) })
    await expect(read).rejects.toThrow('Restore this file')
  })

  it('mends a damaged blob when it is given the bytes again', async () => {
    await store.blobs.put(bytes)
    await flipBit()
    await store.blobs.put(bytes)
    expect((await store.blobs.read(sha256)).equals(bytes)).toBe(true)
  })

  it('knows nothing of digests that are not there, nor of names that are no digests', async () => {
    for (const name of ['0'.repeat(64), '../panal.db', `${'../'.repeat(21)}x`, '', sha256.toUpperCase()]) {
      expect(await store.blobs.find(name)).toBeUndefined()
      await expect(store.blobs.read(name)).rejects.toMatchObject({ code: 'not-found' })
    }
  })

  it('takes a stream in chunks of any size', async () => {
    const chunks = [bytes.subarray(0, 1), bytes.subarray(1, 70_000), bytes.subarray(70_000)]
    expect(await store.blobs.putStream(Readable.from(chunks), bytes.length)).toEqual({
      sha256,
      numBytes: bytes.length,
    })
    expect((await store.blobs.read(sha256)).equals(bytes)).toBe(true)
  })

  it('refuses a stream past its cap without ending it: the owner may have an answer to give', async () => {
    const stream = Readable.from(
      (function* () {
        for (;;) yield bytes
      })(),
    )
    await expect(store.blobs.putStream(stream, bytes.length + 1)).rejects.toMatchObject({ code: 'too-large' })
    expect(stream.destroyed).toBe(false)
    stream.destroy()
    expect(await temps()).toEqual([])
    expect(await readdir(store.dataDir.blobs)).toEqual([])
  })

  it('keeps nothing of a stream that breaks', async () => {
    const broken = Readable.from(
      (function* () {
        yield bytes
        throw new Error('connection lost')
      })(),
    )
    await expect(store.blobs.putStream(broken, 1e9)).rejects.toThrow('connection lost')
    expect(await temps()).toEqual([])
    expect(await readdir(store.dataDir.blobs)).toEqual([])
  })
})
