import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { KeptVectors } from '../../../../simulations/src/experiment/kept-vectors.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-kept-'))
})
afterEach(() => rm(folder, { recursive: true }))

const open = (next: number) => KeptVectors.open(folder, 'own', next)
const at = (name: string) => join(folder, 'own', name)
const names = async () => (await readdir(join(folder, 'own'))).sort()
/** As whoever trains the device in this turn does. */
const leave = (vectors: KeptVectors, device: number, turn: number) =>
  writeFile(vectors.filesOf(device, turn).after, `${device} in ${turn}`)
async function keep(vectors: KeptVectors, device: number, ...turns: number[]): Promise<void> {
  for (const turn of turns) {
    await leave(vectors, device, turn)
    await vectors.settle(device, turn, true)
  }
}

describe('KeptVectors', () => {
  it('gives a device the file of the last turn that counted, in each turn the same', async () => {
    const vectors = await open(0)
    expect(vectors.filesOf(7, 3)).toEqual({ after: at('7-3') })
    await keep(vectors, 7, 3)
    expect(vectors.filesOf(7, 3)).toEqual({ after: at('7-3') }) // done again: as the first time
    expect(vectors.filesOf(7, 5)).toEqual({ before: at('7-3'), after: at('7-5') })
    expect(vectors.filesOf(8, 5)).toEqual({ after: at('8-5') })
  })

  it('holds two files of a device: what it has, and what it goes back to', async () => {
    const vectors = await open(0)
    await keep(vectors, 7, 1, 2, 4)
    expect(await names()).toEqual(['7-2', '7-4'])
    await vectors.undo([7, 8], 4)
    expect(await names()).toEqual(['7-2'])
    expect(vectors.filesOf(7, 5)).toEqual({ before: at('7-2'), after: at('7-5') })
    await vectors.undo([7], 4) // nothing is left of it
    expect(await names()).toEqual(['7-2'])
  })

  it('removes what a turn has left that does not count', async () => {
    const vectors = await open(0)
    await keep(vectors, 7, 1)
    await leave(vectors, 7, 2)
    await vectors.settle(7, 2, false)
    await vectors.settle(8, 2, false) // which has left nothing
    expect(await names()).toEqual(['7-1'])
    expect(vectors.filesOf(7, 3).before).toBe(at('7-1'))
  })

  it('removes of thousands of devices what those in training have left, and looks for no other’s', async () => {
    const vectors = await open(0)
    const devices = Array.from({ length: 3000 }, (_, device) => device)
    const trained = devices.filter((device) => device % 100 === 0)
    for (const device of trained) await leave(vectors, device, 1)
    for (const device of trained.slice(0, 10)) await vectors.settle(device, 1, true)
    await writeFile(at('7-1'), 'of no work') // which whoever looks for it finds
    await vectors.undo(devices, 1)
    await vectors.settle(7, 1, false)
    expect(await names()).toEqual(['7-1'])
    await vectors.sync() // nothing that is gone
    expect(vectors.filesOf(0, 2)).toEqual({ after: at('0-2') })
  })

  it('opens with what counts before the next turn, and removes the rest', async () => {
    const before = await open(0)
    await keep(before, 7, 1, 2)
    await keep(before, 8, 1)
    await leave(before, 9, 2) // a stop has cut off its turn
    await writeFile(at('else'), '')
    const vectors = await open(2)
    expect(await names()).toEqual(['7-1', '8-1'])
    expect(vectors.filesOf(7, 2)).toEqual({ before: at('7-1'), after: at('7-2') })
    expect(vectors.filesOf(9, 2)).toEqual({ after: at('9-2') })
  })

  it('syncs what counts since the last time, and nothing that is gone', async () => {
    const vectors = await open(0)
    await keep(vectors, 7, 1, 2, 3) // the first is gone
    await keep(vectors, 8, 3)
    await vectors.undo([8], 3)
    await vectors.sync()
    await rm(at('7-3')) // synced before: not asked for again
    await keep(vectors, 9, 3)
    await vectors.sync()
    await keep(vectors, 10, 3)
    await rm(at('10-3'))
    await expect(vectors.sync()).rejects.toMatchObject({
      code: 'unwritable-output',
      message: expect.stringContaining(at('10-3')),
    })
  })
})
