import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { virtualClock } from '@panal/client-core'
import { describeRuns, parseExperiment, readRuns, runExperiment, type Experiment } from '@panal/simulations'
import { digestOfSources } from '../../../../simulations/src/experiment/code-digest.ts'
import { vectorFeatures } from '../../../../simulations/src/experiment/processor.ts'
import { gitCommit } from '../../../../simulations/src/experiment/surroundings.ts'
import { quiet, smallExperiment } from '../../../fixtures/small-experiment.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-identity-'))
})
afterEach(() => rm(folder, { recursive: true }))

interface Stored {
  readonly [field: string]: unknown
  readonly versions: Readonly<Record<string, string>>
  readonly processor: { readonly model: string; readonly features: Readonly<Record<string, true>> }
}

describe('a run that is gone on with', () => {
  const out = () => join(folder, 'out')
  const run = (changes: Partial<Experiment> = {}, seed = 1) =>
    runExperiment(
      {
        experiment: parseExperiment({
          ...smallExperiment({ rounds: 1, devices: 5 }),
          data: { name: 'csv', train: 'a.csv', testShare: 0.2, label: 'y' },
          ...changes,
        }),
        seed,
        home: folder,
        folder: out(),
        resume: true,
        workers: 1,
        clock: virtualClock(),
      },
      quiet,
      new AbortController().signal,
    )
  const rows = Array.from({ length: 40 }, (_, i) => `${i % 2},${i},${i % 3}`)
  const writeData = (lines: readonly string[]) => writeFile(join(folder, 'a.csv'), ['y,a,b', ...lines, ''].join('\n'))
  const stored = async () => JSON.parse(await readFile(join(out(), 'experiment.json'), 'utf8')) as Stored
  const store = (config: object) => writeFile(join(out(), 'experiment.json'), JSON.stringify(config))
  /** As if it had been stopped before its results. */
  const unfinish = () => rm(join(out(), 'record.json'))
  const refused = (message: RegExp) => ({ code: 'other-experiment', message: expect.stringMatching(message) })

  beforeEach(async () => {
    await writeData(rows)
    await run()
  }, 60_000)

  it('is the same whatever its other seeds and what is expected of it', async () => {
    expect((await run({ seeds: [1, 2], expected: { loss: { atMost: 9 } } })).ended.round).toBe(1)
  }, 60_000)

  it('has the same experiment, seed and data: it says which field differs, and both values', async () => {
    const plan = { epochs: 1, batchSize: 20, learningRate: 0.1 }
    await expect(run({ plan, cohort: { size: 5, minimum: 2 } })).rejects.toMatchObject(
      refused(
        /holds another run: experiment\.plan\.batchSize is 10 there and 20 here; experiment\.cohort\.minimum is 1 there and 2 here: choose another --out$/,
      ),
    )
    await expect(run({ target: { accuracy: 0.9 } })).rejects.toMatchObject(
      refused(/: experiment\.target is missing there and \{"accuracy":0\.9\} here: /),
    )
    await expect(run({}, 2)).rejects.toMatchObject(refused(/: seed is 1 there and 2 here: /))
    await writeData(rows.slice(1))
    await expect(run()).rejects.toMatchObject(
      refused(/: data\.a\.csv is "[0-9a-f]{19}… there and "[0-9a-f]{19}… here: /),
    )
  }, 60_000)

  it('is of the same program', async () => {
    await unfinish()
    const config = await stored()
    expect(config).toMatchObject({
      versions: { code: expect.stringMatching(/^[0-9a-f]{64}$/) },
      gitCommit: await gitCommit(),
    })
    const storeVersions = (changes: object) => store({ ...config, versions: { ...config.versions, ...changes } })
    await storeVersions({ code: '0'.repeat(64) })
    await expect(run()).rejects.toMatchObject(
      refused(
        /was begun by another program or processor, .*: versions\.code is "0{19}… there and "[0-9a-f]{19}… here: go on with those/,
      ),
    )
    await storeVersions({ node: '18.0.0' })
    await expect(run()).rejects.toMatchObject(refused(/: versions\.node is "18\.0\.0" there and "\d.*" here: /))
  }, 60_000)

  it('may be finished by another program and processor: it is held to what is expected now, and stays what it was', async () => {
    const config = await stored()
    await store({
      ...config,
      versions: { ...config.versions, node: '18.0.0' },
      processor: { ...config.processor, model: 'abacus' },
    })
    const record = JSON.parse(await readFile(join(out(), 'record.json'), 'utf8')) as object
    const ofOther = { ...record, versions: { node: '18.0.0' }, gitCommit: 'f'.repeat(40) }
    await writeFile(join(out(), 'record.json'), JSON.stringify(ofOther))
    const textsOf = () =>
      Promise.all(
        ['experiment.json', 'rounds.csv', 'rounds.jsonl', 'checkpoint'].map((name) =>
          readFile(join(out(), name), 'hex'),
        ),
      )
    const before = await textsOf()
    const expected = { loss: { atMost: 0 } }
    const { expectation, config: held, ...rest } = await run({ expected })
    expect(expectation).toMatchObject({ isMet: false, figures: [{ name: 'loss', atMost: 0 }] })
    expect({ ...rest, config: held }).toEqual({ ...ofOther, config: { ...held, expected } })
    expect((await readRuns([out()]))[0]!.record).toEqual({ ...rest, config: held, expectation })
    expect(await run()).toEqual(ofOther) // where nothing is expected any more
    expect(await textsOf()).toEqual(before)
    await expect(run({}, 2)).rejects.toMatchObject(refused(/: seed is 1 there and 2 here: /))
  }, 60_000)

  it('is kept without what is expected of it, which may change', async () => {
    await rm(out(), { recursive: true })
    await run({ expected: { loss: { atMost: 0 } } })
    expect((await stored()).experiment).not.toHaveProperty('expected')
  }, 60_000)

  it('is of the same kind of processor', async () => {
    await unfinish()
    const config = await stored()
    await store({ ...config, processor: { ...config.processor, model: 'abacus' } })
    await expect(run()).rejects.toMatchObject(refused(/: processor\.model is "abacus" there and ".*" here: /))
    await store({
      ...config,
      processor: { ...config.processor, features: { ...config.processor.features, avx9: true } },
    })
    await expect(run()).rejects.toMatchObject(refused(/: processor\.features\.avx9 is true there and missing here: /))
  }, 60_000)

  it('is not one of before its data and program were kept, which is reported of as ever', async () => {
    const { name, seed, experiment } = await stored()
    await store({ identity: 'a'.repeat(64), name, seed, experiment })
    await expect(run()).rejects.toMatchObject(refused(/was begun by an earlier version, .*: choose another --out$/))
    expect(describeRuns(await readRuns([out()]))).toContain('all rounds')
  }, 60_000)

  it('says no more than it has room for', async () => {
    await unfinish()
    const config = await stored()
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`avx${i}`, true])) // avx2 may be there
    await store({ ...config, processor: { ...config.processor, features: { ...config.processor.features, ...many } } })
    await expect(run()).rejects.toMatchObject(refused(/; [34] more: go on with those/))
  }, 60_000)
})

describe('the code of a program', () => {
  it('is another where a source is changed, renamed, moved, added or gone, and where nothing else is', async () => {
    const at = (path: string) => join(folder, path)
    const seen = new Set<string>()
    const isNew = () => seen.size < seen.add(digestOfSources([folder])).size
    await mkdir(at('a/b'), { recursive: true })
    await writeFile(at('a/one.ts'), 'export const one = 1')
    expect(isNew()).toBe(true)
    await writeFile(at('a/one.ts'), 'export const one = 2')
    expect(isNew()).toBe(true)
    await rename(at('a/one.ts'), at('a/two.ts'))
    expect(isNew()).toBe(true)
    await rename(at('a/two.ts'), at('a/b/two.ts'))
    expect(isNew()).toBe(true)
    await writeFile(at('a/three.ts'), '')
    expect(isNew()).toBe(true)
    await writeFile(at('a/SPEC.md'), 'words')
    expect(isNew()).toBe(false)
    await rm(at('a/three.ts'))
    expect(isNew()).toBe(false) // as before it
  })
})

it.each<[string, object]>([
  [
    'model name\t: X\nflags\t\t: fpu sse sse4_2 avx2 fma ht\n\nflags\t\t: avx512f\n',
    { avx2: true, fma: true, sse: true, sse4_2: true },
  ],
  ['Features\t: fp asimd evtstrm i8mm\n', { asimd: true, i8mm: true }],
  ['', {}],
])('a processor’s vector instructions are what the system lists of its first core: %j', (text, features) => {
  expect(vectorFeatures(text)).toEqual(features)
})
