import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { virtualClock } from '@panal/client-core'
import { parseExperiment, parseText, runExperiment, type Experiment } from '@panal/simulations'
import { readTracked } from '../../../repo/tracked-files.ts'

const path = 'simulations/experiments/mnist-adversaries.yaml'
const experiment = parseText(readTracked(path), path) as Experiment
const mean: Experiment['strategy'] = { aggregator: { name: 'mean' } }
const robust = experiment.strategy!

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-attacks-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Accuracy after ten of its rounds; training diverges under some attacks, and the head is then what it was before. */
async function accuracyOf(strategy: Experiment['strategy'], adversaries: Experiment['adversaries']): Promise<number> {
  const { adversaries: _, ...clean } = { ...experiment, strategy, rounds: 10, evaluateEvery: 1 }
  const { rounds } = await runExperiment(
    {
      experiment: parseExperiment({ ...clean, ...(adversaries && { adversaries }) }),
      seed: 1,
      home: '.',
      folder: await mkdtemp(join(folder, 'run-')),
      resume: true,
      clock: virtualClock(),
    },
    {
      onNote: () => undefined,
      onResumed: () => undefined,
      onDevice: () => undefined,
      onRound: () => undefined,
    },
    new AbortController().signal,
  )
  return rounds.findLast(({ accuracy }) => accuracy !== undefined)!.accuracy!
}

it('a fifth of the devices costs the mean more than 10 points, and the default rule less than 5', async () => {
  const clean = await accuracyOf(mean, undefined)
  expect(clean).toBeGreaterThan(0.85) // it learns
  for (const name of ['scaling', 'gaussian', 'model-replacement'] as const) {
    const adversaries = { count: 10, attack: { name } }
    expect({ name, held: (await accuracyOf(robust, adversaries)) > clean - 0.05 }).toEqual({ name, held: true })
    expect({ name, failed: (await accuracyOf(mean, adversaries)) < clean - 0.1 }).toEqual({ name, failed: true })
  }
}, 600_000)
