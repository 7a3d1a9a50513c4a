import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { numRounds, seededRun, testFolder } from '../../../fixtures/kill/seeded-run.ts'
import { trainThrough } from '../../../fixtures/kill/train-through.ts'
import { digitsLike } from '../../../fixtures/task-document.ts'

let folder: string
beforeAll(async () => {
  folder = await testFolder()
})
afterAll(() => rm(folder, { recursive: true }))

/** After the aggregation of the first round, before its version is durable, between two rounds, and in the second round. */
const kills = ['mid-aggregate:5', 'before-commit:1', 'after-promote:1', 'mid-aggregate:1']

const base = digitsLike().strategy

it.each<[Pick<typeof base, 'aggregator' | 'preAggregators'>]>([
  [{ aggregator: { name: 'fltrust' } }],
  [{ aggregator: { name: 'centred-clipping', tau: 0.05, steps: 1 } }],
  [{ preAggregators: [{ name: 'clip', window: 3 }], aggregator: { name: 'mean' } }],
])(
  '[F43] [I6] [R19] a server that has more than the updates, by %j, comes to the very same weights when it is killed and in a replay',
  async (rule) => {
    const run = await seededRun(folder, 1, rule.aggregator, { strategy: { ...base, ...rule } })
    const undisturbed = await trainThrough(run, [])
    expect(undisturbed.broken).toEqual([])
    expect(new Set(undisturbed.weights).size).toBe(numRounds + 1) // each round made a version
    const disturbed = await trainThrough(run, kills)
    expect(disturbed.broken).toEqual([])
    expect(disturbed.weights).toEqual(undisturbed.weights)
  },
  300_000,
)
