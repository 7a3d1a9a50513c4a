import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { virtualClock } from '@panal/client-core'
import { describeRuns, finishedOnce, parseExperiment, readRuns, resultWriters, runExperiment } from '@panal/simulations'
import { quiet, smallExperiment } from '../../../fixtures/small-experiment.ts'

let home: string
const at = (name: string) => join(home, name)

/** Runs an experiment called `small` in a folder of its own. */
const run = (folder: string, { seed, epochs, seeds = [1] }: { seed: number; epochs: number; seeds?: number[] }) =>
  runExperiment(
    {
      experiment: parseExperiment(
        smallExperiment({ plan: { epochs, batchSize: 10, learningRate: 0.1 }, seeds, rounds: 1 }),
      ),
      seed,
      home: '.',
      folder: at(folder),
      resume: false,
      workers: 1,
      clock: virtualClock(),
    },
    quiet,
    new AbortController().signal,
  )

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'panal-read-'))
  await run('once', { seed: 1, epochs: 1 })
  await run('once-2', { seed: 2, epochs: 1, seeds: [1, 2] }) // the other seeds of an experiment are no part of what it is
  await run('twice', { seed: 1, epochs: 2 })
}, 120_000)
afterAll(() => rm(home, { recursive: true }))

describe('runs of several folders', () => {
  it('are one experiment where they differ in their seed alone', async () => {
    const runs = await readRuns([at('once'), at('once-2')])
    expect(runs.map(({ name, seed }) => [name, seed])).toEqual([
      ['small', 1],
      ['small', 2],
    ])
    expect(describeRuns(runs)).toMatch(/Mean and standard deviation over seeds:[^]* small .* 2 /)
  })

  it('are one experiment on other versions and processors, as to a sweep', async () => {
    const file = join(at('once-2'), 'experiment.json')
    const written = await readFile(file, 'utf8')
    await writeFile(file, JSON.stringify({ ...(JSON.parse(written) as object), versions: { node: '18' } }))
    expect((await readRuns([at('once'), at('once-2')])).map(({ name }) => name)).toEqual(['small', 'small'])
    await writeFile(file, written)
  })

  it('are told apart by their folders where experiments of one name differ', async () => {
    const runs = await readRuns([home])
    expect(runs.map(({ name, seed }) => [name, seed])).toEqual([
      ['small (once)', 1],
      ['small (once)', 2],
      ['small (twice)', 1],
    ])
    const [ofRuns, ofSeeds] = describeRuns(runs).split('Mean and standard deviation over seeds')
    expect(ofRuns).toContain('small (twice)')
    expect(ofSeeds).toContain('small (once)')
    expect(ofSeeds).not.toContain('small (twice)')
  })

  it('are not of one experiment for a name and a seed', async () => {
    expect(describeRuns(await readRuns([at('once'), at('twice')]))).not.toContain('Mean and standard deviation')
  })

  it('are one seed where one was run again, or is named twice', async () => {
    const runs = await readRuns([at('once'), at('once')])
    expect(runs).toHaveLength(2)
    expect(describeRuns(runs)).not.toContain('Mean and standard deviation')
    expect(finishedOnce(await readRuns([home, at('once')])).map(({ seed }) => seed)).toEqual([1, 2, 1])
  })

  it('go so by their own names into every format', async () => {
    const records = (await readRuns([home])).flatMap(({ record }) => record ?? [])
    const textOf = (format: 'csv' | 'html') => new TextDecoder().decode(resultWriters[format].write(records)[0]!.bytes)
    const names = textOf('csv')
      .split('\n')
      .slice(1, -1)
      .map((line) => line.split(',')[0])
    expect(names).toEqual(['small (once)', 'small (once)', 'small (twice)'])
    for (const name of new Set(names)) expect(textOf('html')).toContain(`>${name}</th>`)
    const files = resultWriters.tensorboard.write(records).map(({ path }) => path)
    expect(new Set(files).size).toBe(3)
  })
})
