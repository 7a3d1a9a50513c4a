import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
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

it.each([
  ['a changed byte', (bytes: Buffer) => (bytes.writeUInt8(bytes.at(-1)! ^ 1, bytes.length - 1), bytes)],
  ['a missing end', (bytes: Buffer) => bytes.subarray(0, -4)],
  ['half a header', (bytes: Buffer) => bytes.subarray(0, 20)],
])('that is damaged is not gone on from: %s', async (_, damage) => {
  await writeCheckpoint(folder, checkpoint)
  await writeFile(join(folder, 'checkpoint'), damage(await readFile(join(folder, 'checkpoint'))))
  await expect(readCheckpoint(folder)).rejects.toMatchObject({ code: 'damaged-checkpoint' })
})
