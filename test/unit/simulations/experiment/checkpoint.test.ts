import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { paramsToBytes, sha256Of, type ClosedRound } from '@panal/server'
import { readCheckpoint, writeCheckpoint, type Checkpoint } from '@panal/simulations'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-checkpoint-'))
})
afterAll(() => rm(folder, { recursive: true }))

const checkpoint: Checkpoint = {
  identity: 'a'.repeat(64),
  head: { version: 3, lastRound: 4, params: Float32Array.of(1, -0, 1e-40), optimizerState: Float32Array.of(0.5) },
  now: 1_767_225_600_123,
  lastRounds: Uint32Array.of(0, 4, 2),
  roundsBytes: 1234,
  wallMs: 5,
  cpuMs: 6,
  peakMemoryBytes: 7,
}

it('comes back as it was, whatever the header’s length', async () => {
  expect(await readCheckpoint(folder)).toBeUndefined()
  for (const identity of ['a', 'ab', 'abc', 'abcd']) {
    // the vectors then begin at every offset from a multiple of four
    await writeCheckpoint(folder, { ...checkpoint, identity })
    expect(await readCheckpoint(folder)).toEqual({ ...checkpoint, identity })
  }
})

describe('with devices that are still at work', () => {
  const bases = new Map([
    [1, Float32Array.of(0.25, 2, 3)],
    [2, Float32Array.of(0.5, 2, 3)],
  ])
  const [one, two] = [...bases].map(([baseVersion, params]) => ({
    baseVersion,
    baseSha256: sha256Of(paramsToBytes(params)),
  }))
  const carried = [{ roundNumber: 2, ...one!, openedAt: 5, deviceIds: ['d_1'] }]
  const round = { phase: 'closed', number: 4, ...two!, carried } as unknown as ClosedRound
  const asynchronous = { ...checkpoint, head: { ...checkpoint.head, earlier: { round, bases } } }

  it('has what they train from, a file each, and drops what none needs any more', async () => {
    await writeCheckpoint(folder, asynchronous)
    expect(await readCheckpoint(folder)).toEqual(asynchronous)
    bases.delete(1)
    await writeCheckpoint(folder, asynchronous)
    expect(await readdir(join(folder, 'bases'))).toEqual(['2'])
    expect(await readCheckpoint(folder)).toEqual(asynchronous)
  })

  it('has them by the digests that their devices were asked with: what is kept already is not looked at again', async () => {
    await writeCheckpoint(folder, asynchronous)
    const unreadable = new Proxy(bases.get(2)!, {
      get: () => {
        throw new Error('read again')
      },
    })
    const again = { round, bases: new Map([[2, unreadable]]) }
    await writeCheckpoint(folder, { ...checkpoint, head: { ...checkpoint.head, earlier: again } })
    expect(await readCheckpoint(folder)).toEqual(asynchronous)
  })

  it('is not gone on from where a base is damaged or gone', async () => {
    await writeCheckpoint(folder, asynchronous)
    await writeFile(join(folder, 'bases', '2'), Buffer.alloc(12))
    await expect(readCheckpoint(folder)).rejects.toMatchObject({ code: 'damaged-checkpoint' })
    await rm(join(folder, 'bases', '2'))
    await expect(readCheckpoint(folder)).rejects.toMatchObject({ code: 'damaged-checkpoint' })
  })
})

it('keeps what the last updates came to, and norms of earlier ones, where a rule uses them', async () => {
  const head = { ...checkpoint.head, aggregate: Float32Array.of(-0.5, 3, 1e-40) }
  await writeCheckpoint(folder, { ...checkpoint, head })
  expect((await readCheckpoint(folder))?.head).toEqual(head)
  const norms = [[0.1, 1e-320, 3], [], [7]]
  for (const kept of [
    { ...checkpoint.head, norms },
    { ...head, norms },
  ]) {
    await writeCheckpoint(folder, { ...checkpoint, head: kept })
    expect((await readCheckpoint(folder))?.head).toEqual(kept)
  }
})

it.each([
  ['a changed byte', (bytes: Buffer) => (bytes.writeUInt8(bytes.at(-1)! ^ 1, bytes.length - 1), bytes)],
  ['a missing end', (bytes: Buffer) => bytes.subarray(0, -4)],
  ['half a digest', (bytes: Buffer) => bytes.subarray(0, 20)],
  ['half a header', (bytes: Buffer) => bytes.subarray(0, 90)],
  [
    'another time in the header',
    (bytes: Buffer) => Buffer.from(bytes.toString('latin1').replace(':1767', ':1766'), 'latin1'),
  ],
  ['nothing', () => Buffer.alloc(0)],
])('that is damaged is not gone on from: %s', async (_, damage) => {
  await writeCheckpoint(folder, checkpoint)
  await writeFile(join(folder, 'checkpoint'), damage(await readFile(join(folder, 'checkpoint'))))
  await expect(readCheckpoint(folder)).rejects.toMatchObject({ code: 'damaged-checkpoint' })
})

it.each([
  'null',
  '[]',
  '3',
  '{',
  '{}',
  JSON.stringify({ ...checkpoint, head: undefined, version: 3, lastRound: 4, lengths: [12] }),
  JSON.stringify({ ...checkpoint, head: undefined, version: 3, lastRound: 4, lengths: [1, 2, 3, 5] }), // of 12
])('that has its digest, but is of another form is not gone on from: %s', async (header) => {
  const content = Buffer.concat([Buffer.from(`${header}\n`), Buffer.alloc(12)])
  await writeFile(join(folder, 'checkpoint'), Buffer.concat([Buffer.from(`${sha256Of(content)}\n`), content]))
  await expect(readCheckpoint(folder)).rejects.toMatchObject({
    code: 'damaged-checkpoint',
    message: expect.stringContaining(join(folder, 'checkpoint')),
  })
})
