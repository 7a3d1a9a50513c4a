import { rm } from 'node:fs/promises'
import { afterAll, describe, expect, it } from '@jest/globals'
import { aggregators, failpoints, type Failpoint } from '@panal/server'
import { aggregatorSpecs } from '../fixtures/aggregator-specs.ts'
import { numDevices, seededRun, testFolder, type AggregatorSpec, type SeededRun } from '../fixtures/kill/seeded-run.ts'
import { trainThrough, type Trained } from '../fixtures/kill/train-through.ts'

type Name = AggregatorSpec['name']

const folder = testFolder()
afterAll(async () => rm(await folder, { recursive: true }))

interface Prepared {
  readonly run: SeededRun
  readonly undisturbed: Trained
}
const prepared = new Map<string, Promise<Prepared>>()

/** The run that nothing disturbs is made once for each seed and aggregator, when the first test asks for it. */
function prepare(name: Name, seed: number): Promise<Prepared> {
  const known = prepared.get(`${name} ${seed}`)
  if (known !== undefined) return known
  const preparing = folder
    .then((path) => seededRun(path, seed, aggregatorSpecs[name]))
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

/** How often a round passes a point, at least; once where nothing is said. */
const passages: Partial<Record<Failpoint, number>> = {
  'before-assign': numDevices,
  'mid-upload': numDevices,
  'after-temp': numDevices,
  'after-rename': numDevices,
  'after-row-before-receipt': numDevices,
  'mid-aggregate': numDevices,
  'during-gate': 2,
  'mid-publish': 12,
}

/** A passage in the given round: the later, the greater the seed. A recovery is passed once a start. */
function passage(point: Failpoint, round: number, seed: number): string {
  const each = passages[point] ?? 1
  return point === 'during-recovery' ? `${point}:1` : `${point}:${(round - 1) * each + Math.min(seed, each)}`
}

const seeds = [1, 2, 3] as const
const [mean, ...others] = Object.keys(aggregators) as [Name, ...Name[]]
const seedOf = (index: number) => seeds[index % seeds.length]!
const timeoutMs = 180_000

// Each seed dies in another round, the third in the last one.
const once = failpoints.flatMap((point) =>
  seeds.map((seed) => ({ name: mean, seed, kill: passage(point, seed, seed) })),
)

// Where something is left to train after the second death at the same point.
const again = failpoints.map((point, i) => {
  const seed = seedOf(i)
  return { name: mean, seed, point, kill: passage(point, Math.min(seed, 2), seed) }
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
  it.concurrent.each([...once, ...oneMore, ...elsewhere])(
    'at $kill ($name, seed $seed)',
    ({ name, seed, kill }) => expectTheSame(name, seed, [kill]),
    timeoutMs,
  )

  it.concurrent.each(again)(
    'at $kill, during its recovery, and at the next $point ($name, seed $seed)',
    ({ name, seed, point, kill }) => expectTheSame(name, seed, [kill, 'during-recovery:1', `${point}:1`]),
    timeoutMs,
  )
})
