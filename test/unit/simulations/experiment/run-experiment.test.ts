import { readdirSync, rmSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker, WorkerOptions } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { l2Norm } from '@panal/client-core'
import { lockFile } from '@panal/server'
import {
  describeRuns,
  readCheckpoint,
  readRuns,
  runExperiment,
  spawnTrainWorker,
  type Experiment,
  type RoundRow,
} from '@panal/simulations'
import { quiet, smallRun } from '../../../fixtures/small-experiment.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-run-'))
})
afterEach(() => rm(folder, { recursive: true }))

const { signal } = new AbortController()
const optionsFor = (changes: Partial<Experiment>) => smallRun(folder, changes)

describe('runExperiment', () => {
  it('has the folder for itself', async () => {
    const options = optionsFor({ rounds: 2 })
    const other = lockFile(join(folder, 'lock.db'))
    await expect(runExperiment(options, quiet, signal)).rejects.toMatchObject({ code: 'output-busy' })
    other?.close()
    expect((await runExperiment(options, quiet, signal)).ended).toEqual({ why: 'rounds', round: 2 })
    lockFile(join(folder, 'lock.db'))!.close() // and gives it back
  }, 60_000)

  it('gives the folder back where its workers cannot be started', async () => {
    const spawn = () => {
      throw new Error('no thread is left')
    }
    const options = { ...optionsFor({ rounds: 1 }), spawn }
    await expect(runExperiment(options, quiet, signal)).rejects.toMatchObject({ code: 'no-worker' })
    lockFile(join(folder, 'lock.db'))!.close()
  }, 60_000)

  it('gives the folder back where its workers cannot be stopped', async () => {
    const workers: Worker[] = []
    const spawn = (options: WorkerOptions) => {
      const worker = spawnTrainWorker(options)
      const post = worker.postMessage.bind(worker)
      worker.postMessage = (command: { readonly type: string }) => {
        if (command.type === 'stop') throw new Error('it does not hear')
        post(command)
      }
      workers.push(worker)
      return worker
    }
    const options = { ...optionsFor({ rounds: 1 }), spawn }
    await expect(runExperiment(options, quiet, signal)).rejects.toThrow('it does not hear')
    lockFile(join(folder, 'lock.db'))!.close()
    await Promise.all(workers.map((worker) => worker.terminate()))
  }, 60_000)

  it('ends with the first round that reaches the target', async () => {
    const rows: RoundRow[] = []
    const options = optionsFor({
      rounds: 100,
      plan: { epochs: 2, batchSize: 10, learningRate: 0.2 },
      target: { accuracy: 0.8 },
    })
    const { ended } = await runExperiment(options, { ...quiet, onRound: (row) => rows.push(row) }, signal)
    expect(ended).toEqual({ why: 'target', round: rows.length })
    expect(rows.map(({ accuracy }) => accuracy! >= 0.8)).toEqual([...rows.slice(1).map(() => false), true])
  }, 60_000)

  it('learns: far above chance, which is a third', async () => {
    const options = optionsFor({ rounds: 10, plan: { epochs: 2, batchSize: 10, learningRate: 0.2 } })
    const { rounds } = await runExperiment(options, quiet, signal)
    expect(rounds.at(-1)!.accuracy).toBeGreaterThan(0.75)
    expect(rounds[0]!.trainLoss!).toBeGreaterThan(rounds.at(-1)!.trainLoss!)
  }, 60_000)

  it('goes on from a test whose loss is no number as if it had not stopped, and calls it no target', async () => {
    // finite weights, and activations that are not: each step is 1e25 times the devices' mean
    const diverging: Partial<Experiment> = {
      rounds: 3,
      strategy: { serverOptimizer: { name: 'sgd', learningRate: 1e25 } },
      target: { loss: 1 },
      expected: { loss: { atMost: 1 } },
    }
    const runIn = async (path: string, stop = signal, events = quiet) => {
      const options = { ...optionsFor(diverging), folder: join(folder, path) }
      const { ended, expectation, rounds } = await runExperiment(options, events, stop)
      return { ended, expectation, rounds, csv: await readFile(join(options.folder, 'rounds.csv'), 'utf8') }
    }
    const whole = await runIn('whole')
    expect(whole.rounds[0]).toMatchObject({ outcome: 'promoted', accuracy: expect.any(Number) })
    expect(whole.rounds.filter(({ loss }) => loss !== undefined)).toEqual([])
    expect(whole.ended).toEqual({ why: 'rounds', round: 3 })
    expect(whole.expectation).toEqual({ isMet: false, figures: [{ name: 'loss', atMost: 1, isMet: false }] })
    expect(describeRuns(await readRuns([join(folder, 'whole')]))).toContain('not finite')

    const stop = new AbortController()
    const onRound = ({ round }: RoundRow) => {
      if (round === 1) stop.abort(new Error('enough'))
    }
    await expect(runIn('stopped', stop.signal, { ...quiet, onRound })).rejects.toThrow('enough')
    const withoutTimes = ({ rounds, ...rest }: typeof whole) => ({
      ...rest,
      rounds: rounds.map(({ wallMs: _, phases: __, ...row }) => row),
    })
    expect(withoutTimes(await runIn('stopped'))).toEqual(withoutTimes(whole))
    await rm(join(folder, 'stopped', 'record.json')) // as if it had been stopped before its results
    expect(withoutTimes(await runIn('stopped'))).toEqual(withoutTimes(whole))
  }, 60_000)

  it('tests the model of its end, where its last round has made none and those before went untested', async () => {
    const dropping: Partial<Experiment> = {
      rounds: 20,
      cohort: { size: 5, minimum: 5 },
      profile: { dropout: { name: 'random', probability: 0.1 } }, // of five, one in 0.9^5 = 59 % of the rounds
    }
    const { rounds } = await runExperiment({ ...optionsFor(dropping), folder: join(folder, 'all') }, quiet, signal)
    const abandoned = rounds.findIndex(({ outcome }, i) => outcome === 'abandoned' && rounds[i - 1]?.accuracy)
    const { accuracy, loss } = rounds[abandoned - 1]!
    const last = abandoned + 1
    const short = { ...dropping, rounds: last, evaluateEvery: last, expected: { accuracy: { atLeast: 0.01 } } }
    const found = await runExperiment({ ...optionsFor(short), folder: join(folder, 'short') }, quiet, signal)
    expect(found.rounds.slice(0, -1).filter((row) => row.accuracy !== undefined)).toEqual([])
    expect(found.rounds.at(-1)).toMatchObject({ round: last, outcome: 'abandoned', accuracy, loss })
    expect(found.expectation!.figures).toMatchObject([{ value: accuracy, isMet: true }])
  }, 60_000)

  it('leaves what a stop has cut off to be read and resumed', async () => {
    const stop = new AbortController()
    const options = optionsFor({ rounds: 6 })
    const onRound = ({ round }: RoundRow) => {
      if (round === 3) stop.abort(new Error('enough'))
    }
    await expect(runExperiment(options, { ...quiet, onRound }, stop.signal)).rejects.toThrow('enough')
    const [found] = await readRuns([folder])
    expect(found).toMatchObject({ name: 'small', seed: 1, record: undefined })
    expect(found!.rows.map(({ round }) => round)).toEqual([1, 2, 3])
    let resumed = 0
    const onResumed = (rows: readonly RoundRow[]) => (resumed = rows.length)
    expect((await runExperiment(options, { ...quiet, onResumed }, signal)).rounds).toHaveLength(6)
    expect(resumed).toBe(3)
  }, 60_000)

  it.each([
    [0, [4, 4]], // ten are asked, six are waited for
    [5, [undefined, undefined]], // the same four are at work, and on time
  ])(
    'calls nobody late who may go on: maxStaleness %i',
    async (maxStaleness, numLate) => {
      const cohort = { size: 10, reportingGoal: 6, maxStaleness }
      const { rounds } = await runExperiment(optionsFor({ rounds: 2, cohort }), quiet, signal)
      expect(rounds.map((row) => row.numLate)).toEqual(numLate)
      const [head, ...rows] = (await readFile(join(folder, 'rounds.csv'), 'utf8')).trim().split('\n')
      const column = head!.split(',').indexOf('numLate')
      expect(rows.map((row) => row.split(',')[column])).toEqual(numLate.map((each) => String(each ?? '')))
    },
    60_000,
  )

  it('counts as refused what adversaries send and a check refuses', async () => {
    const attacked = { fraction: 0.5, attack: { name: 'scaling' as const, factor: 1e6 } }
    const { rounds } = await runExperiment(
      optionsFor({
        rounds: 3,
        cohort: { size: 10, overSelection: 2 },
        strategy: { checks: [{ name: 'max-norm', maxNorm: 100 }] },
        adversaries: attacked,
      }),
      quiet,
      signal,
    )
    // All 20 are asked, of which 10 attack: the goal is reached with the 10 honest ones.
    for (const { numUpdates, numRejected, deciles } of rounds) {
      expect({ numUpdates, hasRefused: numRejected > 0 }).toEqual({ numUpdates: 10, hasRefused: true })
      expect(deciles!.find(({ metric }) => metric === 'norm')!.values[10]).toBeLessThan(100)
    }
  }, 60_000)

  describe('with devices that have models of their own', () => {
    const ditto: Partial<Experiment> = {
      rounds: 6,
      evaluateEvery: 2,
      partition: { name: 'shards', shardsPerDevice: 1 },
      plan: { epochs: 2, batchSize: 10, learningRate: 0.1, personalisation: { name: 'ditto', lambda: 0.5 } },
      cohort: { size: 10 },
    }
    const csvIn = (path: string) => readFile(join(folder, path, 'rounds.csv'), 'utf8')
    const runIn = async (
      path: string,
      changes: Partial<Experiment> = {},
      workers = 1,
      stop = signal,
      events = quiet,
    ) => {
      const options = { ...optionsFor({ ...ditto, ...changes }), folder: join(folder, path), workers }
      return runExperiment(options, events, stop)
    }

    it('comes to the same figures with other workers, and after a stop', async () => {
      await runIn('one')
      await runIn('two', {}, 2)
      expect(await csvIn('two')).toBe(await csvIn('one'))
      const stop = new AbortController()
      const onRound = ({ round }: RoundRow) => {
        if (round === 3) stop.abort(new Error('enough'))
      }
      await expect(runIn('stopped', {}, 2, stop.signal, { ...quiet, onRound })).rejects.toThrow('enough')
      // what a round that the stop undid had kept
      const kept = join(folder, 'stopped', 'personal')
      for (let device = 0; device < 20; device++) await writeFile(join(kept, `${device}-4`), new Uint8Array(4))
      await runIn('stopped')
      expect(await csvIn('stopped')).toBe(await csvIn('one'))
    }, 120_000)

    it('measures them where it tests: each device’s own, beside the shared model, over the round’s devices', async () => {
      const { rounds } = await runIn('measured')
      expect(rounds.map(({ personal }) => personal?.numDevices)).toEqual([undefined, 10, undefined, 10, undefined, 10])
      const { personal, deciles = [] } = rounds.at(-1)!
      expect(personal!.personalAccuracy).toBeGreaterThan(personal!.sharedAccuracy)
      const own = deciles.find(({ metric }) => metric === 'own model accuracy')!.values
      expect(own[0]).toBeLessThanOrEqual(personal!.personalAccuracy)
      expect(own[10]).toBeGreaterThanOrEqual(personal!.personalAccuracy)
    }, 60_000)

    it('goes on from what a device’s last round left, which fine-tuning does not: it keeps nothing', async () => {
      const lossOf = async (path: string, changes: Partial<Experiment>) =>
        (await runIn(path, changes)).rounds.at(-1)!.personal!.personalLoss
      const plan = { ...ditto.plan!, personalisation: { name: 'fine-tuning', epochs: 2 } as const }
      const alone = { ...ditto.plan!, personalisation: { name: 'ditto', lambda: 0 } as const }
      const cohort = { size: 20 } // all of them in every round
      const [anew, onward] = [await lossOf('anew', { plan, cohort }), await lossOf('onward', { plan: alone, cohort })]
      expect(onward).toBeLessThan(0.5 * anew!) // twelve epochs on one label, and two
      await expect(readdir(join(folder, 'anew', 'personal'))).rejects.toThrow('ENOENT')
    }, 60_000)

    it('measures honest devices alone, and false labels do not change what a device holds out', async () => {
      const all = { cohort: { size: 20 }, rounds: 2 }
      const attack = { name: 'label-flip' } as const
      const honest = (await runIn('honest', all)).rounds.at(-1)!
      const attacked = (await runIn('attacked', { ...all, adversaries: { fraction: 0.4, attack } })).rounds.at(-1)!
      expect([honest, attacked].map(({ personal }) => personal!.numDevices)).toEqual([20, 12]) // 20 − 0.4 · 20
      const examplesOf = ({ deciles = [] }: RoundRow) => deciles.find(({ metric }) => metric === 'examples')
      expect(examplesOf(attacked)).toEqual(examplesOf(honest))
    }, 60_000)

    it('sends what a run without them sends, but for what is held out', async () => {
      const weightsOf = (path: string) => readFile(join(folder, path, 'model', 'weights.bin'))
      const { personalisation: _, ...plan } = ditto.plan!
      await runIn('plain', { plan })
      await runIn('nothing-held', { plan: { ...plan, personalisation: { name: 'ditto', lambda: 1, holdout: 0 } } })
      expect(await weightsOf('nothing-held')).toEqual(await weightsOf('plain'))
    }, 60_000)
  })

  it('goes on from what the last round came to, after a stop too', async () => {
    // far less than the devices' updates are long: each round moves what the one before has left
    const aggregator = { name: 'centred-clipping', tau: 0.02, steps: 1 } as const
    const runIn = async (path: string, stop = signal, events = quiet) => {
      const options = { ...optionsFor({ rounds: 4, strategy: { aggregator } }), folder: join(folder, path) }
      const { rounds } = await runExperiment(options, events, stop)
      return { rounds, weights: await readFile(join(options.folder, 'model', 'weights.bin')) }
    }
    const whole = await runIn('whole')
    const stop = new AbortController()
    const onRound = ({ round }: RoundRow) => {
      if (round === 2) stop.abort(new Error('enough'))
    }
    await expect(runIn('stopped', stop.signal, { ...quiet, onRound })).rejects.toThrow('enough')
    const kept = await readCheckpoint(join(folder, 'stopped'))
    // two rounds of one step, each of at most τ: more than one alone reaches
    expect(l2Norm(kept!.head.aggregate!)).toBeGreaterThan(0.021)
    expect((await runIn('stopped')).weights.equals(whole.weights)).toBe(true)
  }, 120_000)

  it('goes on with norms of earlier rounds, after a stop too', async () => {
    const runIn = async (path: string, window: number, stop = signal, events = quiet) => {
      const preAggregators = [{ name: 'clip' as const, window }]
      const strategy: NonNullable<Experiment['strategy']> = { preAggregators, aggregator: { name: 'mean' } }
      const options = { ...optionsFor({ rounds: 4, strategy }), folder: join(folder, path) }
      await runExperiment(options, events, stop)
      return readFile(join(options.folder, 'model', 'weights.bin'))
    }
    const whole = await runIn('whole', 3)
    const stop = new AbortController()
    const onRound = ({ round }: RoundRow) => {
      if (round === 3) stop.abort(new Error('enough'))
    }
    await expect(runIn('stopped', 3, stop.signal, { ...quiet, onRound })).rejects.toThrow('enough')
    const { norms } = (await readCheckpoint(join(folder, 'stopped')))!.head
    expect(norms!.map(({ length }) => length)).toEqual([5, 5]) // of a cohort each
    expect((await runIn('stopped', 3)).equals(whole)).toBe(true)
    expect((await runIn('alone', 1)).equals(whole)).toBe(false)
  }, 120_000)

  it('trains the server’s own examples in each round, with the same bytes on other workers and after a stop', async () => {
    const strategy = { aggregator: { name: 'fltrust' } } as const
    const changes = {
      rounds: 4,
      strategy,
      root: { examples: 60 },
      plan: { epochs: 2, batchSize: 10, learningRate: 0.2 },
    }
    const runIn = async (path: string, workers: number, stop = signal, events = quiet) => {
      const options = { ...optionsFor(changes), folder: join(folder, path), workers }
      const { rounds } = await runExperiment(options, events, stop)
      return { rounds, weights: await readFile(join(options.folder, 'model', 'weights.bin')) }
    }
    const whole = await runIn('whole', 1)
    expect(whole.rounds.at(-1)!.accuracy).toBeGreaterThan(0.5) // chance is a third
    const stop = new AbortController()
    const onRound = ({ round }: RoundRow) => {
      if (round === 2) stop.abort(new Error('enough'))
    }
    await expect(runIn('stopped', 2, stop.signal, { ...quiet, onRound })).rejects.toThrow('enough')
    expect((await runIn('stopped', 2)).weights.equals(whole.weights)).toBe(true)
  }, 120_000)

  describe('with devices that correct their gradients', () => {
    const scaffold: Partial<Experiment> = {
      rounds: 6,
      partition: { name: 'shards', shardsPerDevice: 1 },
      plan: { epochs: 3, batchSize: 10, learningRate: 0.1, correction: { name: 'scaffold' } },
      strategy: {
        weight: 'uniform',
        aggregator: { name: 'scaffold' },
        serverOptimizer: { name: 'scaffold', learningRate: 1, devices: 20 },
      },
    }
    const weightsIn = (path: string) => readFile(join(path, 'model', 'weights.bin'))
    const runIn = async (path: string, workers: number, stop = signal, events = quiet) => {
      const options = { ...optionsFor(scaffold), folder: join(folder, path), workers }
      await runExperiment(options, events, stop)
      return weightsIn(options.folder)
    }

    it('comes to the same bytes with other workers, and after a stop', async () => {
      const expected = await runIn('one', 1)
      expect(await runIn('two', 2)).toEqual(expected)
      const stop = new AbortController()
      const onRound = ({ round }: RoundRow) => {
        if (round === 3) stop.abort(new Error('enough'))
      }
      await expect(runIn('stopped', 2, stop.signal, { ...quiet, onRound })).rejects.toThrow('enough')
      // what a round that the stop undid had kept: it trained from the checkpoint's version
      const kept = join(folder, 'stopped', 'corrections')
      const [some = ''] = await readdir(kept)
      await writeFile(join(kept, `${some.split('-')[0]}-3`), new Uint8Array(4))
      expect(await runIn('stopped', 1)).toEqual(expected)
      // of each device what the last round left and what it would go back to, and no older ones
      const names = await readdir(kept)
      const numOf = (device: string) => names.filter((name) => name.startsWith(`${device}-`)).length
      for (const name of names) expect(numOf(name.split('-')[0]!)).toBeLessThanOrEqual(2)
    }, 120_000)

    it('counts no round whose vectors are not on disk, and does it again', async () => {
      const expected = await runIn('whole', 1)
      const kept = join(folder, 'lost', 'corrections')
      let numDone = 0
      const onDevice = (round: number) => {
        // of round 3, which trains from version 2: the file of the first device, when the fourth of five is done
        numDone = round === 3 ? numDone + 1 : 0
        if (numDone === 4)
          rmSync(
            join(
              kept,
              readdirSync(kept).find((name) => name.endsWith('-2'))!,
            ),
          )
      }
      const lost = runIn('lost', 1, signal, { ...quiet, onDevice })
      await expect(lost).rejects.toMatchObject({ code: 'unwritable-output' })
      expect((await readCheckpoint(join(folder, 'lost')))!.head.lastRound).toBe(2)
      expect(await runIn('lost', 1)).toEqual(expected)
    }, 120_000)

    it('which without the correction are others', async () => {
      const expected = await runIn('corrected', 1)
      const { correction: _, ...plan } = scaffold.plan!
      const { strategy: __, ...plain } = scaffold
      const options = { ...optionsFor({ ...plain, plan }), folder: join(folder, 'plain') }
      await runExperiment(options, quiet, signal)
      expect((await weightsIn(options.folder)).equals(expected)).toBe(false)
    }, 60_000)
  })
})
