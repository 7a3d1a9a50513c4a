import { copyFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { lockFile } from '@panal/server'
import { readRuns, runExperiment } from '@panal/simulations'
import { quiet, smallRun } from '../../../fixtures/small-experiment.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-damaged-'))
})
afterEach(() => rm(folder, { recursive: true }))

const run = (changes: { readonly seed?: number; readonly folder?: string } = {}) =>
  runExperiment({ ...smallRun(folder, { rounds: 2 }), ...changes }, quiet, new AbortController().signal)
/** That of the same experiment under another seed: it would do, by its form. */
async function takeCheckpointOfAnother(): Promise<void> {
  const other = at('other')
  await run({ seed: 2, folder: other })
  await copyFile(join(other, 'checkpoint'), at('checkpoint'))
}
const at = (name: string) => join(folder, name)
const halve = async (name: string) => truncate(at(name), Math.floor((await readFile(at(name))).length / 2))
const damageOf = (name: string, mend = 'begin again in another folder') => ({
  name: 'ExperimentError',
  code: 'damaged-checkpoint',
  message: `${at(name)} is not whole: ${mend}`,
})

describe('a run’s folder', () => {
  it.each<[string, string, () => Promise<void>]>([
    ['rounds.jsonl', 'gone', () => rm(at('rounds.jsonl'))],
    ['rounds.jsonl', 'shorter than its checkpoint says', () => halve('rounds.jsonl')],
    [
      'rounds.jsonl',
      'of other bytes',
      async () => writeFile(at('rounds.jsonl'), (await readFile(at('rounds.jsonl'), 'utf8')).replace('{', '[')),
    ],
    [
      'rounds.jsonl',
      'of a loss that is no number',
      async () => {
        const rows = await readFile(at('rounds.jsonl'), 'utf8')
        await writeFile(
          at('rounds.jsonl'),
          rows.replace(/(?<="loss":)[\d.]+/, (loss) => 'null'.padEnd(loss.length)),
        )
      },
    ],
    ['experiment.json', 'half written', () => halve('experiment.json')],
    ['experiment.json', 'empty', () => writeFile(at('experiment.json'), '')],
    ['experiment.json', 'something else', () => writeFile(at('experiment.json'), 'null')],
    ['experiment.json', 'of another form', () => writeFile(at('experiment.json'), '{"name":"small"}')],
    ['experiment.json', 'gone', () => rm(at('experiment.json'))],
    ['checkpoint', 'of another run', () => takeCheckpointOfAnother()],
    ['checkpoint', 'of before it had a digest', () => writeFile(at('checkpoint'), '{"identity":"a"}\n')],
  ])(
    'is not gone on from where %s is %s, and stays free',
    async (name, _, damage) => {
      await run()
      await rm(at('record.json')) // as if it had been stopped before its results
      await damage()
      await expect(run()).rejects.toMatchObject(damageOf(name))
      const lock = lockFile(at('lock.db'))
      expect(lock).toBeDefined()
      lock!.close()
    },
    60_000,
  )

  it('is not reported of where a file of it is not whole, by name', async () => {
    await run()
    const mend = 'remove it, and run --resume writes it again'
    const record = await readFile(at('record.json'), 'utf8')
    const half = record.slice(0, record.length / 2)
    const ofNoNumber = record.replace(/"loss": [\d.]+/, '"loss": null')
    for (const text of [half, '{}', 'null', ofNoNumber, record.replace('"ended"', '"end"')]) {
      await writeFile(at('record.json'), text)
      for (const read of [() => readRuns([folder]), () => run()])
        await expect(read()).rejects.toMatchObject(damageOf('record.json', mend))
    }
    await rm(at('record.json'))
    expect((await run()).rounds).toHaveLength(2)
    expect((await readRuns([folder]))[0]!.record).toBeDefined() // as it says

    await rm(at('record.json'))
    await writeFile(at('rounds.jsonl'), '{"round":\n{"round":2}\n')
    await expect(readRuns([folder])).rejects.toMatchObject(damageOf('rounds.jsonl'))
    await halve('experiment.json')
    await expect(readRuns([folder])).rejects.toMatchObject(damageOf('experiment.json'))
  }, 60_000)
})
