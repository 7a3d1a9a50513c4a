import { rm } from 'node:fs/promises'
import { afterAll, describe, expect, it } from '@jest/globals'
import { aggregators, failpoints, type Failpoint } from '@panal/server'
import { aggregatorSpecs } from '../fixtures/aggregator-specs.ts'
import {
  asynchronous,
  numDevices,
  seededRun,
  testFolder,
  type AggregatorSpec,
  type SeededRun,
} from '../fixtures/kill/seeded-run.ts'
import { trainThrough, type Trained } from '../fixtures/kill/train-through.ts'

/** A rule of aggregation, or asynchronous rounds with the mean. */
type Name = AggregatorSpec['name'] | 'asynchronous'

const folder = testFolder()
afterAll(async () => rm(await folder, { recursive: true }))

interface Prepared {
  readonly run: SeededRun
  readonly undisturbed: Trained
}
const prepared = new Map<string, Promise<Prepared>>()

const fresh = (path: string, name: Name, seed: number): Promise<SeededRun> =>
  name === 'asynchronous'
    ? seededRun(path, seed, aggregatorSpecs.mean, asynchronous)
    : seededRun(path, seed, aggregatorSpecs[name])

/** The run that nothing disturbs is made once for each seed and name, when the first test asks for it. */
function prepare(name: Name, seed: number): Promise<Prepared> {
  const known = prepared.get(`${name} ${seed}`)
  if (known !== undefined) return known
  const preparing = folder
    .then((path) => fresh(path, name, seed))
    .then(async (run) => ({ run, undisturbed: await trainThrough(run, []) }))
  prepared.set(`${name} ${seed}`, preparing)
  return preparing
}

async function expectTheSame(name: Name, seed: number, kills: readonly string[]): Promise<void> {
  const { run, undisturbed } = await prepare(name, seed)
  const { broken, weights } = await trainThrough(run, kills)
  expect(broken).toEqual([])
  expect(weights).toEqual(undisturbed.weights)
}

/** How often a round of so many updates passes a point, at least; once where nothing is said. */
const passages = (numUpdates: number): Partial<Record<Failpoint, number>> => ({
  'before-assign': numUpdates,
  'mid-upload': numUpdates,
  'after-temp': numUpdates,
  'after-rename': numUpdates,
  'after-row-before-receipt': numUpdates,
  'mid-aggregate': numUpdates,
  'during-gate': 2,
  'mid-publish': 3 + 3 * numUpdates,
})

/** A passage in the given round: the later, the greater the seed. A recovery is passed once a start. */
function passage(point: Failpoint, round: number, seed: number, name: Name = mean): string {
  const numUpdates = name === 'asynchronous' ? asynchronous.cohort.reportingGoal : numDevices
  const each = passages(numUpdates)[point] ?? 1
  return point === 'during-recovery' ? `${point}:1` : `${point}:${(round - 1) * each + Math.min(seed, each)}`
}

const seeds = [1, 2, 3] as const
const [mean, ...others] = Object.keys(aggregators) as [Name, ...Name[]]
const seedOf = (index: number) => seeds[index % seeds.length]!
const timeoutMs = 180_000

// Each seed dies in another round, the third in the last one.
const onceOf = (name: Name) =>
  failpoints.flatMap((point) => seeds.map((seed) => ({ name, seed, kill: passage(point, seed, seed, name) })))

// Where something is left to train after the second death at the same point.
const againOf = (name: Name) =>
  failpoints.map((point, i) => {
    const seed = seedOf(i)
    return { name, seed, point, kill: passage(point, Math.min(seed, 2), seed, name) }
  })

// Only while updates are folded does it matter how.
const elsewhere = others.flatMap((name) =>
  seeds.map((seed) => ({ name, seed, kill: passage('mid-aggregate', seed, seed) })),
)
const oneMore = others
  .slice(0, 1)
  .flatMap((name) =>
    failpoints.map((point, i) => ({ name, seed: seedOf(i), kill: passage(point, seedOf(i), seedOf(i)) })),
  )

describe('[F43] [I1] [I2] [I3] [I4] [I6] the weights are the same, and nothing acknowledged is lost, after kill -9', () => {
  it.concurrent.each([...onceOf(mean), ...onceOf('asynchronous'), ...oneMore, ...elsewhere])(
    'at $kill ($name, seed $seed)',
    ({ name, seed, kill }) => expectTheSame(name, seed, [kill]),
    timeoutMs,
  )

  it.concurrent.each([...againOf(mean), ...againOf('asynchronous')])(
    'at $kill, during its recovery, and at the next $point ($name, seed $seed)',
    ({ name, seed, point, kill }) => expectTheSame(name, seed, [kill, 'during-recovery:1', `${point}:1`]),
    timeoutMs,
  )

  it(
    '[R25] the asynchronous runs have an update of the round before in each round but the first',
    async () => {
      const { undisturbed } = await prepare('asynchronous', seeds[0])
      expect(undisturbed.broken).toEqual([])
      const counted = undisturbed.receipts.map(({ roundNumber, countedRound }) => [roundNumber, countedRound])
      expect(counted.sort()).toEqual([
        [1, undefined],
        [1, undefined],
        [1, 2],
        [2, undefined],
        [2, 3],
        [3, undefined],
      ])
    },
    timeoutMs,
  )
})
