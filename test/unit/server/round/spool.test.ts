import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { Spool, type Incoming } from '@panal/server'

const bytes = Buffer.from(Array.from({ length: 2_000_000 }, (_, i) => (i * 31) % 251))
const sha256 = createHash('sha256').update(bytes).digest('hex')
const target = { taskId: 'digits', roundNumber: 1, deviceId: 'd_a', sha256 }
const body = (content: Buffer) => Readable.from([content.subarray(0, 1000), content.subarray(1000)])

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

let folder: string
let spool: Spool
let inspected: Buffer[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-spool-'))
  spool = new Spool(folder)
  inspected = []
})
afterEach(() => rm(folder, { recursive: true }))

const receive = (content: Readable, changes: Partial<Incoming> = {}) =>
  spool.receive(
    { target, offset: 0, numBytes: bytes.length, body: content, signal: new AbortController().signal, ...changes },
    async (read) => void inspected.push(Buffer.from(await read(new Uint8Array(bytes.length)))),
  )

describe('Spool', () => {
  it('keeps what arrives, byte for byte', async () => {
    await receive(body(bytes))
    await spool.keep(target)
    await spool.sync('digits', 1)
    expect((await readFile(spool.update(target))).equals(bytes)).toBe(true)
    expect(inspected.map((seen) => seen.equals(bytes))).toEqual([true])
  })

  it('[R12] resumes a cut upload where it stopped', async () => {
    const cut = body(bytes.subarray(0, 700_001))
    await expect(receive(cut)).rejects.toMatchObject({ code: 'length-mismatch' })
    expect(await spool.partBytes(target)).toBe(700_001)
    await receive(body(bytes.subarray(700_001)), { offset: 700_001 })
    expect(await spool.partBytes(target)).toBe(bytes.length)
  })

  it('keeps what came of a body whose connection broke', async () => {
    const broken = Readable.from(
      (async function* () {
        yield bytes.subarray(0, 600_000)
        await Promise.resolve()
        throw new Error('aborted')
      })(),
    )
    await expect(receive(broken)).rejects.toMatchObject({ code: 'length-mismatch' })
    expect(await spool.partBytes(target)).toBe(600_000)
  })

  it('[R14] lets go of what is on the disk while the rest still arrives', async () => {
    const numPieces = 40
    const pieceBytes = 1_000_000
    const slow = new Readable({ read: () => undefined })
    const receiving = receive(slow, { numBytes: (numPieces + 1) * pieceBytes })
    collectGarbage()
    const before = process.memoryUsage().arrayBuffers
    for (let piece = 1; piece <= numPieces; piece++) {
      slow.push(Buffer.alloc(pieceBytes, piece))
      for (let held = 0; held < piece * pieceBytes;) held = await spool.partBytes(target)
    }
    const held = () => process.memoryUsage().arrayBuffers - before
    // What a collection finds is handed back by another thread, a little later.
    for (let turn = 0; turn < 200 && held() > 5 * pieceBytes; turn++) {
      collectGarbage()
      await new Promise(setImmediate)
    }
    expect(held()).toBeLessThan(5 * pieceBytes)
    slow.push(null)
    await expect(receiving).rejects.toMatchObject({ code: 'length-mismatch' })
  })

  it('[R14] many uploads at once each gather less before they write', async () => {
    const numUploads = 200
    const uploads = Array.from({ length: numUploads }, (_, index) => {
      const over = new AbortController()
      const content = new Readable({ read: () => undefined })
      const each = { ...target, deviceId: `d_${index}` }
      const receiving = receive(content, { target: each, signal: over.signal })
      return { over, content, each, receiving }
    })
    const written = async (numBytes: number) => {
      for (const { each } of uploads) for (let held = 0; held < numBytes;) held = await spool.partBytes(each)
    }
    // So much is written at once by an upload that is alone, too: now all have begun.
    for (const { content } of uploads) content.push(bytes.subarray(0, 512 * 1024))
    await written(512 * 1024)
    // 32 MiB among 200 is 167,772 bytes each.
    for (const { content } of uploads) content.push(bytes.subarray(512 * 1024, 700_000))
    await written(700_000)
    for (const { over } of uploads) over.abort(new Error('round over'))
    const ended = await Promise.allSettled(uploads.map(({ receiving }) => receiving))
    expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(['rejected']))
  })

  it('refuses another offset than its own, and says which', async () => {
    await expect(receive(body(bytes), { offset: 5 })).rejects.toMatchObject({
      code: 'bad-offset',
      message: expect.stringContaining('holds 0 bytes'),
    })
  })

  it('refuses a body that goes on after its declared length', async () => {
    const short = { numBytes: bytes.length - 1 }
    await expect(receive(body(bytes), short)).rejects.toMatchObject({ code: 'length-mismatch' })
  })

  it('refuses bytes that do not have their digest, and forgets them', async () => {
    const flipped = Buffer.from(bytes)
    flipped[12_345]! ^= 1
    await expect(receive(body(flipped))).rejects.toMatchObject({ code: 'digest-mismatch' })
    expect(await spool.partBytes(target)).toBe(0)
    expect(inspected).toEqual([])
  })

  it('[R6] stops reading at once when the round is over, though the body stalls', async () => {
    const over = new AbortController()
    const stalled = new Readable({ read: () => undefined })
    stalled.push(bytes.subarray(0, 1000))
    const receiving = receive(stalled, { signal: over.signal })
    over.abort(new Error('round over'))
    await expect(receiving).rejects.toThrow('round over')
    expect(stalled.destroyed).toBe(false) // a refusal must still be answered on this connection
  })
})
