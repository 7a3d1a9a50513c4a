import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { smallExperiment } from '../../fixtures/small-experiment.ts'

const panalSim = fileURLToPath(new URL('../../../simulations/bin/panal-sim.js', import.meta.url))
const experiment = smallExperiment({
  rounds: 200,
  cohort: { size: 5, overSelection: 1.4 },
  strategy: {
    sampler: { name: 'least-recently-used' },
    serverOptimizer: { name: 'sgd', learningRate: 0.5, momentum: 0.9 },
  },
  profile: { speed: { name: 'lognormal', median: 100, sigma: 1 }, dropout: { name: 'random', probability: 0.1 } },
  seeds: [1, 2],
})

let folder: string
let file: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-experiment-'))
  file = join(folder, 'experiment.yaml')
  await writeFile(file, JSON.stringify(experiment)) // JSON is YAML
})
afterAll(() => rm(folder, { recursive: true }))

const run = (...args: string[]) => spawnSync(process.execPath, [panalSim, ...args], { encoding: 'utf8' })
const resultsOf = (name: string) =>
  Promise.all(['rounds.csv', 'model/weights.bin'].map((path) => readFile(join(folder, name, path), 'hex')))

/** Ends the program with kill -9 when it shows this round. */
async function killAt(round: number, args: string[]): Promise<void> {
  const child = spawn(process.execPath, [panalSim, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)))
  for await (const line of createInterface(child.stdout)) if (line.startsWith(`${round} `)) child.kill('SIGKILL')
  expect(await ended).toBe('SIGKILL')
}

describe('panal-sim run', () => {
  it('comes to the same bytes after kill -9 as if nothing had happened, with another number of workers', async () => {
    const whole = run('run', file, '--out', join(folder, 'whole'), '--workers', '1')
    expect({ status: whole.status, stderr: whole.stderr }).toEqual({ status: 0, stderr: '' })

    const args = ['run', file, '--out', join(folder, 'killed'), '--workers', '3']
    await killAt(7, args)
    await killAt(60, [...args, '--resume'])
    expect(existsSync(join(folder, 'killed/record.json'))).toBe(false)
    // what a kill in the middle of a line leaves
    await appendFile(join(folder, 'killed/rounds.jsonl'), '{"round":6')
    const resumed = run(...args, '--resume')
    expect({ status: resumed.status, stderr: resumed.stderr }).toEqual({ status: 0, stderr: '' })
    expect(resumed.stdout).toMatch(/Going on after round (59|[6-9]\d|1\d\d):/)
    expect(await resultsOf('killed')).toEqual(await resultsOf('whole'))

    const record = JSON.parse(await readFile(join(folder, 'killed/record.json'), 'utf8')) as Record<string, unknown>
    expect(record).toMatchObject({
      name: 'small',
      seed: 1,
      ended: { why: 'rounds', round: 200 },
      config: { cohort: { size: 5, reportingGoal: 5 } },
      data: [{ name: 'blobs train', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }, { name: 'blobs test' }],
      resources: { numWorkers: 3, peakMemoryBytes: expect.any(Number) },
    })
    expect(record.rounds).toHaveLength(200)

    const again = run(...args, '--resume')
    expect(again).toMatchObject({ status: 0, stdout: expect.stringContaining('ran all its rounds: round 200') })
    const reported = run('report', join(folder, 'killed'), join(folder, 'whole')).stdout
    expect(reported).toContain('all rounds')
    expect(reported).not.toContain('Mean and standard deviation over seeds') // it is one seed
  }, 240_000)

  it('[R25] does so too where devices go on from round to round, each from its own base', async () => {
    const stale = join(folder, 'stale.yaml')
    const cohort = { size: 10, reportingGoal: 3, minimum: 1, maxStaleness: 12 }
    await writeFile(stale, JSON.stringify({ ...experiment, cohort, rounds: 60 }))
    const whole = run('run', stale, '--out', join(folder, 'stale-whole'), '--workers', '1')
    expect({ status: whole.status, stderr: whole.stderr }).toEqual({ status: 0, stderr: '' })

    const args = ['run', stale, '--out', join(folder, 'stale-killed'), '--workers', '3']
    await killAt(20, args)
    const resumed = run(...args, '--resume')
    expect({ status: resumed.status, stderr: resumed.stderr }).toEqual({ status: 0, stderr: '' })
    expect(resumed.stdout).toMatch(/Going on after round (19|[2-5]\d):/)
    expect(await resultsOf('stale-killed')).toEqual(await resultsOf('stale-whole'))
  }, 240_000)

  it('does so too where devices keep vectors, and leaves the same of those', async () => {
    const keeping = join(folder, 'keeping.yaml')
    const plan = {
      ...experiment.plan,
      correction: { name: 'scaffold' },
      personalisation: { name: 'ditto', lambda: 0.5 },
    }
    const strategy = {
      weight: 'uniform',
      aggregator: { name: 'scaffold' },
      serverOptimizer: { name: 'scaffold', learningRate: 1, devices: 20 },
    }
    await writeFile(keeping, JSON.stringify({ ...experiment, plan, strategy, rounds: 60 }))
    const whole = run('run', keeping, '--out', join(folder, 'keeping-whole'), '--workers', '1')
    expect({ status: whole.status, stderr: whole.stderr }).toEqual({ status: 0, stderr: '' })

    const args = ['run', keeping, '--out', join(folder, 'keeping-killed'), '--workers', '3']
    await killAt(20, args)
    const resumed = run(...args, '--resume')
    expect({ status: resumed.status, stderr: resumed.stderr }).toEqual({ status: 0, stderr: '' })
    expect(resumed.stdout).toMatch(/Going on after round (19|[2-5]\d):/)
    expect(await resultsOf('keeping-killed')).toEqual(await resultsOf('keeping-whole'))
    for (const kept of ['corrections', 'personal']) {
      const filesOf = async (name: string) => {
        const names = (await readdir(join(folder, name, kept))).sort()
        return Promise.all(names.map(async (file) => [file, await readFile(join(folder, name, kept, file), 'hex')]))
      }
      const files = await filesOf('keeping-whole')
      expect(files.length).toBeGreaterThan(20) // of most devices two
      expect(await filesOf('keeping-killed')).toEqual(files)
    }
  }, 240_000)

  it('takes no folder that holds a run, and resumes no other one', () => {
    const out = ['--out', join(folder, 'whole')]
    expect(run('run', file, ...out)).toMatchObject({ status: 1, stderr: expect.stringContaining('--resume goes on') })
    expect(run('run', file, ...out, '--resume', '--seed', '2')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('other-experiment'),
    })
  }, 60_000)

  it('says every mistake with its path, and touches nothing', async () => {
    const wrong = join(folder, 'wrong.yaml')
    await writeFile(wrong, JSON.stringify({ ...experiment, devices: 0, planet: {} }))
    const { status, stderr } = run('run', wrong, '--out', join(folder, 'wrong'))
    expect(status).toBe(1)
    expect(stderr).toContain('\n  /planet is not known here\n')
    expect(stderr).toContain('\n  /devices must be >= 1\n')
    expect(existsSync(join(folder, 'wrong'))).toBe(false)
  }, 60_000)
})

it('panal-sim run and sweep end with 3 where it is not what was expected', async () => {
  const held = join(folder, 'held.yaml')
  const holdTo = (atMost: number) =>
    writeFile(held, JSON.stringify({ ...experiment, rounds: 2, seeds: [1], expected: { loss: { atMost } } }))
  const args = ['run', held, '--out', join(folder, 'held'), '--workers', '1']
  await holdTo(0)
  const missed = run(...args)
  expect({ status: missed.status, stderr: missed.stderr }).toEqual({ status: 3, stderr: '' })
  expect(missed.stdout).toMatch(/^expectation not met: loss 0\.\d+ in the end, at most 0$/m)
  await holdTo(100)
  expect(run(...args, '--resume')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^expectation met: .* at most 100$/m),
  })
  await holdTo(0)
  const swept = run('sweep', held, '--out', join(folder, 'held-sweep'), '--workers', '1')
  expect({ status: swept.status, stderr: swept.stderr }).toEqual({ status: 3, stderr: '' })
  expect(swept.stdout).toContain('not met')
}, 120_000)

it('panal-sim sweep runs what is not done, under every seed', async () => {
  const short = join(folder, 'short.yaml')
  await writeFile(short, JSON.stringify({ ...experiment, rounds: 2 }))
  const args = ['sweep', short, '--out', join(folder, 'sweep'), '--workers', '1']
  const first = run(...args, '--seeds', '1')
  expect({ status: first.status, stderr: first.stderr }).toEqual({ status: 0, stderr: '' })
  const all = run(...args)
  expect(all.stdout).toContain('1 of 2: seed 1: done before')
  expect(all.stdout).toContain('2 of 2: seed 2\n')
  expect(all.stdout).toContain('2.0 ± 0.0') // rounds of the two
  const exported = run('export', join(folder, 'sweep'), '--out', join(folder, 'files'), '--html', '--notebook')
  expect({ status: exported.status, stderr: exported.stderr }).toEqual({ status: 0, stderr: '' })
  expect(exported.stdout.split('\n').map((path) => path.slice(path.lastIndexOf('/') + 1))).toEqual(
    expect.arrayContaining(['report.html', 'results.ipynb']),
  )
  expect(await readFile(join(folder, 'files/report.html'), 'utf8')).toContain('small')
  const bad = run(...args, '--grid', 'plan.epochs=1,0')
  expect(bad).toMatchObject({ status: 1, stderr: expect.stringContaining('plan.epochs=0: ') })
}, 120_000)

it('panal-sim list has every choice with its options', () => {
  const { stdout, status } = run('list')
  expect(status).toBe(0)
  expect(stdout).toContain('  dirichlet: alpha')
  expect(stdout).toContain('  lognormal: median (examples a second), sigma')
})
