import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { parseText, type Experiment, type FinishedRun } from '@panal/simulations'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const panalSim = here('../../../simulations/bin/panal-sim.js')

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-memory-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** In a process of its own, whose memory is that of the run and no other. */
async function runOf(experiment: Experiment): Promise<FinishedRun> {
  const [file, out] = [join(folder, 'experiment.yaml'), join(folder, 'run')]
  await writeFile(file, JSON.stringify(experiment)) // JSON is YAML
  const { status, stderr } = spawnSync(process.execPath, [panalSim, 'run', file, '--out', out, '--workers', '2'], {
    encoding: 'utf8',
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return JSON.parse(await readFile(join(out, 'record.json'), 'utf8')) as FinishedRun
}

describe('the most memory of a run', () => {
  it('is 1.5 GB with 100,000 devices that come and go', async () => {
    const path = here('../../../simulations/experiments/mnist-100k-devices.yaml')
    const experiment = parseText(await readFile(path, 'utf8'), path) as Experiment
    expect(experiment.devices).toBe(100_000)
    const { rounds, resources } = await runOf({ ...experiment, rounds: 10 })
    expect(rounds.map(({ numUpdates }) => numUpdates)).toEqual(Array<number>(10).fill(200))
    expect(resources.peakMemoryBytes).toBeLessThan(1.5e9)
  }, 240_000)

  it('does not grow with the vectors that a cohort keeps', async () => {
    const devices = 200
    const { rounds, resources } = await runOf({
      name: 'wide',
      data: { name: 'blobs', examples: 2500, features: 1000, classes: 10 },
      devices,
      partition: { name: 'iid' },
      model: { builtin: 'mlp', hidden: [1000] }, // 1000 · 1000 + 1000 + 1000 · 10 + 10: a million params
      plan: { epochs: 1, batchSize: 10, learningRate: 0.05, correction: { name: 'scaffold' } },
      strategy: {
        weight: 'uniform',
        aggregator: { name: 'scaffold' },
        serverOptimizer: { name: 'scaffold', learningRate: 1, devices },
      },
      cohort: { size: devices },
      rounds: 2, // in the second all of them have a vector, and make the next
      evaluateEvery: 2,
    })
    expect(rounds.map(({ numUpdates }) => numUpdates)).toEqual([devices, devices])
    // The old and the new vectors of all are 2 · 200 · 4 MB = 1.6 GB, beside what any run takes.
    expect(resources.peakMemoryBytes).toBeLessThan(1.4e9)
  }, 240_000)
})
