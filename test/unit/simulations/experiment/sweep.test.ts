import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { virtualClock } from '@panal/client-core'
import { parseAxis, runSweep } from '@panal/simulations'
import { quiet, smallExperiment } from '../../../fixtures/small-experiment.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-sweep-'))
})
afterEach(() => rm(folder, { recursive: true }))

const { signal } = new AbortController()

/** What it has told of how far it is with all runs. */
let checked: string[]

/** Of every run, in order, whether it was done before. */
async function sweep(experiment: unknown, ...grid: string[]): Promise<boolean[]> {
  const done: boolean[] = []
  checked = []
  const onChecked = (numChecked: number, numRuns: number) => checked.push(`${numChecked} of ${numRuns}`)
  const options = { experiment, home: folder, folder: join(folder, 'out'), axes: grid.map(parseAxis), workers: 1 }
  await runSweep(
    { ...options, clock: virtualClock(), onChecked },
    (_run, _index, _numRuns, isDone) => {
      checked.push('run')
      done.push(isDone)
      return quiet
    },
    signal,
  )
  return done
}

describe('a sweep', () => {
  it('runs nothing where one of its runs does not fit its data', async () => {
    const krum = sweep(smallExperiment(), 'strategy.aggregator={name: mean}, {name: krum, f: 100}')
    await expect(krum).rejects.toMatchObject({
      code: 'invalid-experiment',
      message: expect.stringContaining('strategy.aggregator=krum,f:100: '),
      errors: [{ path: '/cohort/minimum', message: expect.stringContaining('203') }], // 2f + 3
    })
    const blobs = '{name: blobs, examples: 600, features: 4, classes: 3}'
    const csv = '{name: csv, train: none.csv, testShare: 0.2, label: y}'
    await expect(sweep(smallExperiment(), `data=${blobs}, ${csv}`)).rejects.toMatchObject({
      message: expect.stringContaining('data=csv,train:none.csv'),
      errors: [{ path: '/data', message: expect.stringContaining('none.csv') }],
    })
    expect(existsSync(join(folder, 'out'))).toBe(false)
  }, 60_000)

  it('skips what is done, of the same data only', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i % 2},${i},${i % 3}`)
    const write = (lines: readonly string[]) => writeFile(join(folder, 'a.csv'), ['y,a,b', ...lines, ''].join('\n'))
    const experiment = {
      ...smallExperiment({ rounds: 1, devices: 5, seeds: [1, 2] }),
      data: { name: 'csv', train: 'a.csv', testShare: 0.2, label: 'y' },
    }
    await write(rows)
    expect(await sweep({ ...experiment, seeds: [1] })).toEqual([false])
    expect(await sweep(experiment)).toEqual([true, false])
    expect(checked).toEqual(['0 of 2', '1 of 2', '2 of 2', 'run', 'run']) // all of them before the first

    await write(rows.slice(1))
    await expect(sweep({ ...experiment, seeds: [3, 1] })).rejects.toMatchObject({ code: 'other-experiment' })
    expect(await readdir(join(folder, 'out'))).toEqual(['seed=1', 'seed=2']) // and seed 3 has not run

    await write(rows)
    expect(await sweep(experiment)).toEqual([true, true])

    // seeds are added by another program, to what an earlier one has finished; not to what it has begun
    const of = join(folder, 'out', 'seed=1')
    const config = JSON.parse(await readFile(join(of, 'experiment.json'), 'utf8')) as object
    await writeFile(join(of, 'experiment.json'), JSON.stringify({ ...config, versions: { node: '18.0.0' } }))
    expect(await sweep({ ...experiment, seeds: [1, 2, 3] })).toEqual([true, true, false])
    await rm(join(of, 'record.json'))
    await expect(sweep({ ...experiment, seeds: [4, 1] })).rejects.toMatchObject({ code: 'other-experiment' })
    expect(existsSync(join(folder, 'out', 'seed=4'))).toBe(false)
  }, 60_000)
})
