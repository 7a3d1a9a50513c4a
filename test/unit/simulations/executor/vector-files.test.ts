import { execFileSync } from 'node:child_process'
import { constants, openSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker, WorkerOptions } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { aggregators, type UpdateSum } from '@panal/server'
import {
  completeExperiment,
  deviceIdOf,
  openExperiment,
  spawnTrainWorker,
  workerExecutor,
  type CohortWork,
  type DeviceWork,
  type Executor,
  type Experiment,
  type WorkerExecutorOptions,
} from '@panal/simulations'
import { readVector } from '../../../../simulations/src/executor/vector-files.ts'
import { smallExperiment } from '../../../fixtures/small-experiment.ts'

const { signal } = new AbortController()
const numDevices = 12
const size = 67

let folder: string
let executors: Executor[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-vectors-'))
  executors = []
})
afterEach(async () => {
  await Promise.all(executors.map((executor) => executor.close()))
  await rm(folder, { recursive: true })
})

/** Devices that keep two vectors each: one for their corrections, and a model of their own. */
const keeping: Partial<Experiment> = {
  plan: {
    epochs: 1,
    batchSize: 10,
    learningRate: 0.1,
    correction: { name: 'scaffold' },
    personalisation: { name: 'ditto', lambda: 0.5 },
  },
  strategy: {
    weight: 'uniform',
    aggregator: { name: 'scaffold' },
    serverOptimizer: { name: 'scaffold', learningRate: 1, devices: 20 },
  },
}
const rule = aggregators.scaffold.make({}).linear!

async function open(changes: Partial<WorkerExecutorOptions> = {}, of: Partial<Experiment> = keeping) {
  const experiment = completeExperiment(smallExperiment(of))
  const { task, data, partition, initial } = await openExperiment(experiment, { seed: 1, home: '.' })
  const executor = workerExecutor({
    task: { topology: task.topology, schema: data.schema, ...experiment },
    size: task.layout.size,
    engine: 'native',
    train: data.train,
    test: data.test,
    rule,
    numWorkers: 1,
    ...changes,
  })
  executors.push(executor)
  /** Of a round, numbered from 1: each goes on from the one before. */
  const workOf = (round: number, name: string): CohortWork => {
    const filesOf = (device: number, of: string) => ({
      ...(round > 1 && { before: join(folder, `${name}-${of}-${device}-${round - 1}`) }),
      after: join(folder, `${name}-${of}-${device}-${round}`),
    })
    const devices = Array.from({ length: numDevices }, (_, device): DeviceWork => ({
      deviceId: deviceIdOf(device),
      rows: partition.indicesOf(device).slice(),
      seed: `test/${round}/${device}`,
      kept: filesOf(device, 'correction'),
      personal: { salt: `${device}`, isMeasured: false, kept: filesOf(device, 'own') },
    }))
    // not zero, or devices would have nothing to be corrected by
    return { round, base: initial, servers: initial, devices }
  }
  return { executor, workOf }
}

/** Workers that the test can lay hands on, and all that is said between them and the main thread. */
function spawned() {
  const workers: Worker[] = []
  const said: unknown[] = []
  const spawn = (options: WorkerOptions) => {
    const worker = spawnTrainWorker(options)
    const post = worker.postMessage.bind(worker)
    worker.postMessage = (command: unknown) => {
      said.push(command)
      post(command)
    }
    worker.on('message', (report) => said.push(report))
    workers.push(worker)
    return worker
  }
  return { workers, said, spawn }
}

const sumBytes = ({ high, low, count, reach }: UpdateSum) =>
  Buffer.concat([Buffer.from(high.buffer), Buffer.from(low.buffer), Buffer.from(`${count}/${reach}`)]).toString('hex')

/** Names and bytes of the files that work of this name has left. */
async function filesOf(name: string): Promise<(readonly [string, string])[]> {
  const names = (await readdir(folder)).filter((file) => file.startsWith(`${name}-`)).sort()
  return Promise.all(
    names.map(async (file) => [file.slice(name.length), await readFile(join(folder, file), 'hex')] as const),
  )
}

/** Every typed array of float32 in a message. */
function vectorsIn(value: unknown): Float32Array[] {
  if (value instanceof Float32Array) return [value]
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return []
  return Object.values(value).flatMap(vectorsIn)
}

describe('devices that keep vectors', () => {
  it('read and write them where they train: none travels between threads', async () => {
    const { said, spawn } = spawned()
    const { executor, workOf } = await open({ spawn, numWorkers: 2 })
    for (const round of [1, 2]) {
      const { kept, personal, withheld } = await executor.run(workOf(round, 'a'), signal)
      const all = Array.from({ length: numDevices }, (_, device) => deviceIdOf(device))
      expect([[...kept], [...personal], [...withheld]]).toEqual([all, all, []])
    }
    expect(said.length).toBeGreaterThanOrEqual(4 * numDevices) // a job and a result of each device in each round
    expect(said.flatMap(vectorsIn)).toEqual([])
    const files = await filesOf('a')
    expect(files).toHaveLength(4 * numDevices) // two vectors of each device in each round
    for (const [, hex] of files) expect(hex).toHaveLength(2 * 4 * size)
    expect(new Set(files.map(([, hex]) => hex)).size).toBe(files.length) // each is a vector of its own
  }, 60_000)

  it('go on from what their last round left', async () => {
    const { executor, workOf } = await open()
    const { devices, ...round } = workOf(2, 'a')
    await executor.run(workOf(1, 'a'), signal)
    await executor.run({ ...round, devices }, signal)
    const onward = await filesOf('a')
    const anew = devices.map(({ kept: _, personal, ...device }) => ({
      ...device,
      kept: { after: join(folder, `b-correction-${device.deviceId}`) },
      personal: { ...personal!, kept: { after: join(folder, `b-own-${device.deviceId}`) } },
    }))
    await executor.run({ ...round, devices: anew }, signal)
    const begun = new Set((await filesOf('b')).map(([, hex]) => hex))
    expect(begun.size).toBe(2 * numDevices)
    for (const [name, hex] of onward) if (name.endsWith('-2')) expect(begun).not.toContain(hex)
  }, 60_000)

  it('come to the same bytes when a worker ends between two jobs, and over what a death has cut off', async () => {
    const runIn = async (name: string, changes: Partial<WorkerExecutorOptions>, onDone?: (numDone: number) => void) => {
      const { executor, workOf } = await open(changes)
      await executor.run(workOf(1, name), signal)
      const before = await filesOf(name)
      await writeFile(join(folder, `${name}-own-3-2`), new Uint8Array(3)) // half a file
      await writeFile(join(folder, `${name}-correction-3-2`), new Uint8Array(8 * size)) // of more than a vector
      let numDone = 0
      const { updates, outcomes } = await executor.run(workOf(2, name), signal, () => onDone?.((numDone += 1)))
      const files = await filesOf(name)
      expect(files.filter(([file]) => file.endsWith('-1'))).toEqual(before)
      return { sum: sumBytes(updates as UpdateSum), outcomes, files }
    }
    const expected = await runIn('whole', {})
    const { workers, spawn } = spawned()
    const found = await runIn('died', { numWorkers: 2, spawn }, (numDone) => {
      // it ends after the job in hand, with others that it was given, and what it has summed is lost
      if (numDone === 4) workers[0]!.postMessage({ type: 'stop' })
    })
    expect(workers).toHaveLength(3)
    expect(found).toEqual(expected)
  }, 60_000)

  it('leave nothing where their update is refused, but for models of their own', async () => {
    const checks = [{ name: 'weight-range' as const, minExamples: 1, maxExamples: 1 }]
    const { executor, workOf } = await open({}, { ...keeping, strategy: { ...keeping.strategy, checks } })
    const { kept, personal } = await executor.run(workOf(1, 'a'), signal)
    expect([kept.size, personal.size]).toEqual([0, numDevices])
    expect((await filesOf('a')).map(([name]) => name.split('-')[1])).toEqual(Array<string>(numDevices).fill('own'))
  }, 60_000)

  it.each<[string, RegExp, (path: string) => Promise<void>]>([
    ['is gone', / is not whole \(ENOENT.*\): begin again in another folder$/, () => Promise.resolve()],
    [
      'is of another length',
      / is not whole \(it has 8 bytes of 268\): begin again in another folder$/,
      (path) => writeFile(path, new Uint8Array(8)),
    ],
    [
      'the system refuses to read, which may pass',
      / cannot be read \(ELOOP.*\): mend that, and --resume goes on$/,
      (path) => symlink(path, path), // of all that it refuses the one that it refuses to root, too
    ],
  ])('are told what to do where a file %s', async (_, message, make) => {
    const path = join(folder, 'vector')
    await make(path)
    await expect(readVector(path, new Float32Array(size))).rejects.toMatchObject({
      code: 'unreadable-vector',
      message: expect.stringMatching(message),
    })
  })

  it('come to the same bytes when a worker is killed in the middle of a file', async () => {
    // Trained in JavaScript, and of more than a pipe holds twice: 4 · 8000 + 8000 + 8000 · 3 + 3 floats of 4 bytes
    const of: Partial<Experiment> = { ...keeping, model: { builtin: 'mlp', hidden: [8000] } }
    const engine = 'tfjs'
    const runIn = async ({ executor, workOf }: Awaited<ReturnType<typeof open>>, name: string) => {
      const { updates, outcomes } = await executor.run(workOf(1, name), signal)
      return { sum: sumBytes(updates as UpdateSum), outcomes, files: await filesOf(name) }
    }
    const expected = await runIn(await open({ engine }, of), 'whole')

    // a file that takes so much, and then makes its writer wait
    const path = join(folder, 'killed-own-3-1')
    execFileSync('mkfifo', [path])
    const pipe = new Socket({ fd: openSync(path, constants.O_RDWR | constants.O_NONBLOCK), writable: false })
    const { workers, spawn } = spawned()
    const replacing = (workerOptions: WorkerOptions) => {
      if (workers.length === 1) {
        rmSync(path)
        writeFileSync(path, written!) // as the death has left it
      }
      return spawn(workerOptions)
    }
    let written: Uint8Array | undefined
    pipe.once('data', (chunk: Uint8Array) => {
      written = chunk
      void workers[0]!.terminate()
      pipe.destroy()
    })
    const found = await runIn(await open({ engine, spawn: replacing }, of), 'killed')
    expect(workers).toHaveLength(2)
    expect(written!.length).toBeLessThan(expected.files[0]![1].length / 2)
    expect(found).toEqual(expected)
  }, 120_000)

  it('are told of by path where a file is missing, not whole, or cannot be written', async () => {
    const { executor, workOf } = await open()
    const first = workOf(1, 'a')
    await executor.run(first, signal)
    const second = workOf(2, 'a')
    const { before } = second.devices[5]!.kept!
    const refused = (code: string, path: string) =>
      expect(executor.run(second, signal)).rejects.toMatchObject({
        name: 'ExecutorError',
        code,
        message: expect.stringContaining(path),
      })
    const whole = await readFile(before!)
    await writeFile(before!, whole.subarray(4))
    await refused('unreadable-vector', before!)
    await rm(before!)
    await refused('unreadable-vector', before!)
    await writeFile(before!, whole)
    const path = join(folder, 'no-folder', 'file')
    const devices = second.devices.map((device) => ({ ...device, kept: { after: path } }))
    await expect(executor.run({ ...second, devices }, signal)).rejects.toMatchObject({
      code: 'unwritable-vector',
      message: expect.stringContaining(path),
    })
    expect((await executor.run(second, signal)).kept.size).toBe(numDevices) // and goes on
  }, 60_000)
})
