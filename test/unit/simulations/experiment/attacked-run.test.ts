import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { runExperiment, type Experiment, type RoundRow } from '@panal/simulations'
import { quiet, smallRun } from '../../../fixtures/small-experiment.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-run-'))
})
afterEach(() => rm(folder, { recursive: true }))

type Attack = NonNullable<Experiment['adversaries']>['attack']

const { signal } = new AbortController()
const optionsFor = (changes: Partial<Experiment>) => smallRun(folder, changes)

describe.each<Attack>([
  { name: 'gaussian', std: 3 }, // beside a sum of the honest ones
  { name: 'alie' }, // which sees every honest update
  { name: 'sybil' }, // which trains on other labels as well
])('with adversaries: %j', (attack) => {
  const attacked: Partial<Experiment> = {
    rounds: 6,
    cohort: { size: 10, overSelection: 1.5 },
    adversaries: { fraction: 0.3, attack },
  }
  const filesOf = async (path: string) =>
    Promise.all(['model/weights.bin', 'rounds.csv'].map((file) => readFile(join(folder, path, file), 'hex')))
  const runIn = async (path: string, changes: Partial<Experiment>, workers: number, stop = signal, events = quiet) => {
    await runExperiment({ ...optionsFor(changes), folder: join(folder, path), workers }, events, stop)
    return filesOf(path)
  }

  it('comes to the same bytes with other workers, and after a stop; not to those without adversaries', async () => {
    const expected = await runIn('one', attacked, 1)
    expect(await runIn('two', attacked, 2)).toEqual(expected)
    const stop = new AbortController()
    const onRound = ({ round }: RoundRow) => {
      if (round === 3) stop.abort(new Error('enough'))
    }
    const stopped = runIn('stopped', attacked, 2, stop.signal, { ...quiet, onRound })
    await expect(stopped).rejects.toThrow('enough')
    expect(await runIn('stopped', attacked, 1)).toEqual(expected)
    expect(await runIn('none', { ...attacked, adversaries: { count: 0, attack } }, 1)).not.toEqual(expected)
  }, 120_000)
})
