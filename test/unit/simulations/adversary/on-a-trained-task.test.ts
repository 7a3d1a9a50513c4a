import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { virtualClock } from '@panal/client-core'
import { parseExperiment, parseText, runExperiment, type Experiment } from '@panal/simulations'
import type { attacks, AttackSpec } from '../../../../simulations/src/adversary/registry.ts'
import { readTracked } from '../../../repo/tracked-files.ts'
import { quiet } from '../../../fixtures/small-experiment.ts'

const path = 'simulations/experiments/mnist-adversaries.yaml'
const experiment = parseText(readTracked(path), path) as Experiment
const robust = experiment.strategy!
const mean: Experiment['strategy'] = { aggregator: { name: 'mean' } }

/** Every attack of the registry, by the options of the table in docs/benchmarks.md. */
const known: { readonly [Name in keyof typeof attacks]: readonly Extract<AttackSpec, { readonly name: Name }>[] } = {
  'sign-flip': [{ name: 'sign-flip' }],
  scaling: [{ name: 'scaling' }],
  gaussian: [{ name: 'gaussian' }],
  alie: [{ name: 'alie' }],
  ipm: [0.1, 0.5, 2].map((epsilon) => ({ name: 'ipm', epsilon })),
  'label-flip': [{ name: 'label-flip' }],
  'model-replacement': [{ name: 'model-replacement' }],
  mimic: [{ name: 'mimic' }],
  sybil: [{ name: 'sybil' }],
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-attacks-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** In points, after twelve of its rounds, with the seed 1; of training that has diverged, where it was before. */
async function accuracyOf(strategy: Experiment['strategy'], attack?: AttackSpec): Promise<number> {
  const { adversaries: _, ...clean } = { ...experiment, strategy, rounds: 12, evaluateEvery: 4 }
  const { rounds } = await runExperiment(
    {
      experiment: parseExperiment({ ...clean, ...(attack && { adversaries: { count: 10, attack } }) }),
      seed: 1,
      home: '.',
      folder: await mkdtemp(join(folder, 'run-')),
      resume: true,
      clock: virtualClock(),
    },
    quiet,
    new AbortController().signal,
  )
  return 100 * rounds.findLast(({ accuracy }) => accuracy !== undefined)!.accuracy!
}

/** Accuracy that holding is to be within, and failing beyond. */
const points = 5

describe('a fifth of the devices', () => {
  let undisturbed: number
  beforeAll(async () => {
    undisturbed = await accuracyOf(robust)
  }, 120_000)

  it('are not there, and the default rule learns', () => {
    expect(undisturbed).toBeGreaterThan(85) // measured: 88.0
  })

  // Measured: it loses 2.7 points to ipm with ε = 2, 2.1 with 0.5, 1.2 with 0.1, and to all others 0.9 at most. With the seed 2
  // it is 4.1, 3.5, 2.2 and 2.0.
  it.each(Object.values(known).flatMap((specs) => specs.map((attack) => ({ attack }))))(
    'cost the default rule less than 5 points by $attack',
    async ({ attack }) => {
      expect(undisturbed - (await accuracyOf(robust, attack))).toBeLessThan(points)
    },
    120_000,
  )

  // Measured: 72.3, 20.9 and 61.1 points; with the seed 2 78.3, 16.1 and 59.7.
  it('cost the mean more than 5 points by at least three attacks', async () => {
    const clean = await accuracyOf(mean)
    const losses: Record<string, number> = {}
    for (const name of ['scaling', 'gaussian', 'model-replacement'] as const)
      losses[name] = clean - (await accuracyOf(mean, { name }))
    expect(Object.values(losses).filter((loss) => loss > points)).toHaveLength(3)
  }, 300_000)
})
