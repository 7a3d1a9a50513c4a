import type { Worker, WorkerOptions } from 'node:worker_threads'
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import {
  addUpdate,
  aggregators,
  emptySum,
  resultOfSum,
  spawnWorker,
  sumLength,
  type UpdateSum,
  type WeightedUpdate,
} from '@panal/server'
import {
  completeExperiment,
  deviceIdOf,
  openExperiment,
  spawnTrainWorker,
  workerExecutor,
  type CohortWork,
  type Executor,
  type OpenExperiment,
  type WorkerExecutorOptions,
} from '@panal/simulations'
import { smallExperiment } from '../../../fixtures/small-experiment.ts'

const { signal } = new AbortController()
const mean = aggregators.mean.make({}).linear!
let opened: OpenExperiment
let options: WorkerExecutorOptions
let work: CohortWork
beforeAll(async () => {
  const experiment = completeExperiment(smallExperiment())
  opened = await openExperiment(experiment, { seed: 1, home: '.' })
  const { task, data, partition, initial } = opened
  options = {
    task: { topology: task.topology, schema: data.schema, ...experiment },
    size: task.layout.size,
    engine: 'native',
    train: data.train,
    test: data.test,
    rule: mean,
    numWorkers: 1,
  }
  work = {
    round: 1,
    base: initial,
    devices: Array.from({ length: 12 }, (_, device) => ({
      deviceId: deviceIdOf(device),
      rows: partition.indicesOf(device).slice(),
      seed: `test/${device}`,
    })),
  }
})

const executors: Executor[] = []
function open(changes: Partial<WorkerExecutorOptions> = {}): Executor {
  const executor = workerExecutor({ ...options, ...changes })
  executors.push(executor)
  return executor
}
/** As of an aggregator that is not linear. */
function openForEach(changes: Partial<WorkerExecutorOptions>): Executor {
  const { rule: _, ...others } = options
  const executor = workerExecutor({ ...others, ...changes })
  executors.push(executor)
  return executor
}
afterEach(async () => {
  await Promise.all(executors.splice(0).map((executor) => executor.close()))
})

const sumBytes = ({ high, low, count, reach }: UpdateSum) =>
  Buffer.concat([Buffer.from(high.buffer), Buffer.from(low.buffer), Buffer.from(`${count}/${reach}`)]).toString('hex')

/** What an executor comes to, as text that can be compared. */
async function resultOf(executor: Executor, of = work) {
  const { outcomes, updates } = await executor.run(of, signal)
  return { outcomes, sum: sumBytes(updates as UpdateSum) }
}

/** Workers that the test can lay hands on. */
function spawned() {
  const workers: Worker[] = []
  const spawn = (workerOptions: WorkerOptions) => {
    const worker = spawnTrainWorker(workerOptions)
    workers.push(worker)
    return worker
  }
  return { workers, spawn }
}

describe('workerExecutor', () => {
  it('gives the same bytes with one worker and with three, and again', async () => {
    const [one, three] = [open(), open({ numWorkers: 3 })]
    const expected = await resultOf(one)
    expect(expected.outcomes.map(({ verdict }) => verdict)).toEqual(Array<string>(12).fill('accepted'))
    expect(await resultOf(three)).toEqual(expected)
    expect(await resultOf(three)).toEqual(expected) // the first run's partial sums are forgotten
    const metrics = await one.evaluate(work.base, signal)
    expect(metrics.numExamples).toBe(120) // a fifth of 600
    expect(await three.evaluate(work.base, signal)).toEqual(metrics)
  }, 60_000)

  it('sums what it sends one by one where an aggregator needs every update', async () => {
    const [sums, deltas] = [open({ numWorkers: 2 }), openForEach({ numWorkers: 2 })]
    const { updates } = await deltas.run(work, signal)
    const each = updates as readonly WeightedUpdate[]
    expect(each.map(({ deviceId }) => deviceId)).toEqual(work.devices.map(({ deviceId }) => deviceId))
    const sum = emptySum(sumLength(mean, options.size))
    for (const update of each) addUpdate(sum, update.delta, mean.summand(update))
    const summed = (await sums.run(work, signal)).updates as UpdateSum
    expect(sumBytes(sum)).toBe(sumBytes(summed))
    expect(resultOfSum(mean, summed).some((value) => value !== 0)).toBe(true)
  }, 60_000)

  it('hands back what a device withholds, and counts it nowhere', async () => {
    const [sums, deltas] = [open({ numWorkers: 2 }), openForEach({ numWorkers: 2 })]
    const all = (await deltas.run(work, signal)).updates as readonly WeightedUpdate[]
    const isWithheld = (index: number) => index % 3 === 0
    const devices = work.devices.map((device, i) => (isWithheld(i) ? { ...device, withheld: true as const } : device))
    const others = { ...work, devices: work.devices.filter((_, i) => !isWithheld(i)) }
    const found = await sums.run({ ...work, devices }, signal)
    expect(found.outcomes).toHaveLength(12)
    // In float32 the codec loses nothing: what a device trained is what it would have sent.
    expect([...found.withheld].sort()).toEqual(
      all.filter((_, i) => isWithheld(i)).map(({ deviceId, delta }) => [deviceId, delta]),
    )
    expect(sumBytes(found.updates as UpdateSum)).toBe((await resultOf(sums, others)).sum)
    const each = await deltas.run({ ...work, devices }, signal)
    expect(each.updates).toEqual(all.filter((_, i) => !isWithheld(i)))
    expect(each.withheld).toEqual(found.withheld)
  }, 60_000)

  it('trains on the labels that a device takes its own for', async () => {
    const executor = openForEach({})
    const devices = work.devices.map((device, i) => (i === 0 ? { ...device, labels: [2, 1, 0] } : device))
    const [first, ...others] = (await executor.run(work, signal)).updates as readonly WeightedUpdate[]
    const [relabelled, ...same] = (await executor.run({ ...work, devices }, signal))
      .updates as readonly WeightedUpdate[]
    expect(same).toEqual(others)
    expect(relabelled!.delta).not.toEqual(first!.delta)
    // Taken for the other way round twice, labels are what they were.
    const y = options.train.y.map((label) => 2 - label)
    const back = openForEach({ train: { ...options.train, y } })
    const [restored] = (await back.run({ ...work, devices }, signal)).updates as readonly WeightedUpdate[]
    expect(restored).toEqual(first)
  }, 60_000)

  it('replaces a worker that dies and does its devices again: the same bytes', async () => {
    // Trained in JavaScript: whoever ends a thread while it is in native code ends the process.
    const engine = 'tfjs'
    const expected = await resultOf(open({ engine }))
    const { workers, spawn } = spawned()
    const executor = open({ engine, numWorkers: 2, spawn })
    let numDone = 0
    const { updates, outcomes } = await executor.run(work, signal, () => {
      numDone += 1
      // in the middle of the run, when it has summed some and holds others
      if (numDone === 4) void workers[0]!.terminate()
    })
    expect(workers).toHaveLength(3)
    expect(sumBytes(updates as UpdateSum)).toBe(expected.sum)
    expect(outcomes).toEqual(expected.outcomes)
    expect(await resultOf(executor)).toEqual(expected) // and goes on
  }, 60_000)

  it('gives up when every worker dies, and says of what', async () => {
    const spawn = () => spawnWorker(new URL('data:text/javascript,throw new Error("no such instruction")'))
    await expect(open({ spawn }).run(work, signal)).rejects.toMatchObject({
      code: 'workers-die',
      message: expect.stringContaining('no such instruction'),
    })
  }, 60_000)

  it('ends those that it has started where another cannot be', async () => {
    const { workers, spawn } = spawned()
    const ended: Promise<unknown>[] = []
    const refusing = (workerOptions: WorkerOptions) => {
      if (workers.length === 2) throw new Error('no thread is left')
      const worker = spawn(workerOptions)
      ended.push(new Promise((resolve) => worker.once('exit', resolve)))
      return worker
    }
    expect(() => open({ numWorkers: 3, spawn: refusing })).toThrow(
      expect.objectContaining({
        name: 'ExecutorError',
        code: 'no-worker',
        message: expect.stringMatching(/no thread is left.*--workers/),
      }),
    )
    expect(await Promise.all(ended)).toEqual([0, 0])
    expect(workers).toHaveLength(2) // none was replaced
  }, 60_000)

  it('ends the run where a dead worker cannot be replaced, and takes no other', async () => {
    const { workers, spawn } = spawned()
    const refusing = (workerOptions: WorkerOptions) => {
      if (workers.length === 2) throw new Error('no thread is left')
      return spawn(workerOptions)
    }
    const executor = open({ numWorkers: 2, spawn: refusing })
    const running = executor.run(work, signal, () => workers[0]!.postMessage({ type: 'stop' }))
    await expect(running).rejects.toMatchObject({ code: 'no-worker' })
    await expect(executor.run(work, signal)).rejects.toMatchObject({ code: 'no-worker' })
  }, 60_000)

  it('replaces a worker that ends while there is nothing to do', async () => {
    const { workers, spawn } = spawned()
    const executor = open({ spawn })
    const expected = await resultOf(executor)
    const ended = new Promise((resolve) => workers[0]!.once('exit', resolve))
    workers[0]!.postMessage({ type: 'stop' })
    await ended
    expect(await resultOf(executor)).toEqual(expected)
    expect(workers).toHaveLength(2)
  }, 60_000)

  it.each([
    ['sums updates', true, /--workers.*plan\.batchSize or plan\.maxExamples$/],
    ['needs each of them', false, /--workers.*plan\.batchSize.*cohort\.size/],
  ])(
    'says which settings to lower when a worker runs out of memory, where the rule %s',
    async (_, sums, advice) => {
      const spawn = (workerOptions: WorkerOptions) =>
        spawnTrainWorker({ ...workerOptions, resourceLimits: { maxOldGenerationSizeMb: 8 } })
      const executor = sums ? open({ spawn }) : openForEach({ spawn })
      await expect(executor.run(work, signal)).rejects.toMatchObject({
        code: 'out-of-memory',
        message: expect.stringMatching(advice),
      })
    },
    60_000,
  )

  it('counts no update that a check refuses', async () => {
    const { strategy } = options.task
    const checks = [{ name: 'weight-range' as const, minExamples: 1, maxExamples: 25 }]
    const executor = open({ task: { ...options.task, strategy: { ...strategy, checks } } })
    // 600 examples over 20 devices are 30 each: one device gets but 20 of its own
    const [first, ...rest] = work.devices
    const devices = [{ ...first!, rows: first!.rows.slice(0, 20) }, ...rest]
    const { outcomes, updates } = await executor.run({ ...work, devices }, signal)
    expect(outcomes.map(({ verdict }) => verdict)).toEqual([
      'accepted',
      ...Array<string>(11).fill('weight-out-of-range'),
    ])
    expect((updates as UpdateSum).count).toBe(1)
  }, 60_000)

  it('refuses sums that would round', async () => {
    // one step of a gradient of about 0.1 at this rate, ten examples each: some 1e11, where 2^31 is the most
    const plan = { ...options.task.plan, learningRate: 1e11 }
    const executor = open({ task: { ...options.task, plan } })
    const devices = work.devices.map((device) => ({ ...device, rows: device.rows.slice(0, 10) }))
    await expect(executor.run({ ...work, devices }, signal)).rejects.toMatchObject({
      message: expect.stringContaining('plan.clipNorm'),
    })
  }, 60_000)

  it('ends with the reason of a signal, and can run again', async () => {
    const stop = new AbortController()
    const executor = open()
    const running = executor.run(work, stop.signal, () => stop.abort(new Error('enough')))
    await expect(running).rejects.toThrow('enough')
    expect((await resultOf(executor)).outcomes).toHaveLength(12)
  }, 60_000)
})
