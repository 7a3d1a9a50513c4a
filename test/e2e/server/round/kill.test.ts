import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { numDevices, numRounds, seededRun, testFolder, type SeededRun } from '../../../fixtures/kill/seeded-run.ts'
import { trainThrough } from '../../../fixtures/kill/train-through.ts'

/** A short selection of `npm run test:faults`. */
let folder: string
let run: SeededRun
beforeAll(async () => {
  folder = await testFolder()
  run = await seededRun(folder, 1, { name: 'mean' })
}, 60_000)
afterAll(() => rm(folder, { recursive: true }))

/** In the order in which the rounds pass them; each is a server of its own. */
const kills = [
  'mid-upload:1',
  'after-row-before-receipt:2',
  'during-recovery:1',
  'mid-aggregate:2',
  'before-commit:1',
  'after-promote:1',
]

describe('[F43] a server that is killed again and again', () => {
  it('[I1] [I2] [I3] [I4] [I6] loses nothing it acknowledged, and comes to the very same weights', async () => {
    const undisturbed = await trainThrough(run, [])
    expect(undisturbed.broken).toEqual([])
    expect(undisturbed.receipts).toHaveLength(numRounds * numDevices)
    const disturbed = await trainThrough(run, kills)
    expect(disturbed.broken).toEqual([])
    expect(disturbed.weights).toEqual(undisturbed.weights)
    expect(disturbed.weights).toHaveLength(numRounds + 1)
  }, 240_000)

  it('is not killed at a point that it never reaches: then the test fails', async () => {
    await expect(trainThrough(run, ['after-open:99'])).rejects.toThrow('after-open:99 was not reached: finished')
  }, 120_000)
})
