import { parentPort, workerData } from 'node:worker_threads'
import { makeRng, systemClock, type Dataset, type Params } from '@panal/client-core'
import { addUpdate, clearSum, type UpdateSum } from '@panal/server/exact-sum'
import { ready, setBackend } from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-wasm'
import { openTrainer } from '../engine/open-trainer.ts'
import { makeStrategy } from '@panal/server/strategy'
import { examplesOf, localWork } from './local-work.ts'
import type { VectorFiles } from './executor.ts'
import type { Job, JobResult, TrainWorkerData, WorkerCommand, WorkerReport } from './messages.ts'
import { readVector, writeVector } from './vector-files.ts'

const {
  task,
  engine,
  train,
  test,
  base: sharedBase,
  servers: sharedServers,
  sum: shared,
} = workerData as TrainWorkerData
const port = parentPort!
const report = (message: WorkerReport, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)

const never = new AbortController().signal
const clock = systemClock({ setTimeout, clearTimeout })
const trainer = await open()
const perform = localWork(task, trainer, train)
const rule = makeStrategy(task).aggregator.linear
const base = new Float32Array(sharedBase.length)
const servers = sharedServers && new Float32Array(sharedServers.length)
/** What a device has kept is read into these: one device trains at a time. */
const room = { correction: new Float32Array(0), personal: new Float32Array(0) }
const sum: UpdateSum | null = shared === null ? null : { ...shared, count: 0, reach: 0 }

// One after the other, in the order of arrival: a thread trains one device at a time.
let last: Promise<void> = Promise.resolve()
let isStopping = false
port.on('message', (command: WorkerCommand) => {
  isStopping ||= command.type === 'stop'
  last = last.then(() => obey(command))
})

async function open() {
  await setBackend('wasm') // for what cannot be compiled
  await ready()
  const { topology, schema: data, loss } = task
  return openTrainer({ topology, data, loss }, { engine, clock, tell: (line) => report({ type: 'note', line }) })
}

async function obey(command: WorkerCommand): Promise<void> {
  if (isStopping || command.type === 'stop') process.exit(0)
  const { run } = command
  if (command.type === 'begin') {
    base.set(sharedBase)
    if (sharedServers !== null) servers?.set(sharedServers)
    if (sum !== null) clearSum(sum)
    return
  }
  try {
    const result = await work(command.job)
    const vectors = vectorsOf(result)
    report(
      { type: 'done', run, index: command.index, result },
      vectors.flatMap((vector) => (vector === undefined ? [] : [vector.buffer as ArrayBuffer])),
    )
  } catch (error) {
    const { code, message } = error as Error & { code?: string }
    report({ type: 'failed', run, code, message })
  }
}

function vectorsOf(result: JobResult): (Params | undefined)[] {
  if (result.type === 'evaluated') return []
  if (result.type === 'root-trained') return [result.delta]
  return [result.delta, result.withheld]
}

async function work(job: Job): Promise<JobResult> {
  if (job.type === 'evaluate')
    return { type: 'evaluated', metrics: await trainer.evaluate(base, part(test, job.from, job.to)) }
  if (job.type === 'root') {
    const { delta } = await trainer.train(base, task.plan, examplesOf(train, job.rows), makeRng(job.seed), never)
    return { type: 'root-trained', delta }
  }
  const { device } = job
  const before = {
    correction: await readBefore(device.kept, 'correction'),
    personal: await readBefore(device.personal?.kept, 'personal'),
  }
  const { outcome, trained, delta, kept, personal } = await perform({ base, servers }, device, before, never)
  const isKept = await writeAfter(device.kept, kept)
  const hasPersonal = await writeAfter(device.personal?.kept, personal)
  const counts = outcome.verdict === 'accepted' && device.withheld === undefined
  if (sum !== null && rule !== undefined && counts) addUpdate(sum, delta, rule.summand(outcome))
  const summed = { count: sum?.count ?? 0, reach: sum?.reach ?? 0 }
  return {
    type: 'trained',
    outcome,
    summed,
    ...(sum === null && counts && { delta: delta.slice() }),
    ...(device.withheld && { withheld: trained.slice() }),
    isKept,
    hasPersonal,
  }
}

async function readBefore(files: VectorFiles | undefined, which: keyof typeof room): Promise<Params | undefined> {
  if (files?.before === undefined) return undefined
  if (room[which].length === 0) room[which] = new Float32Array(base.length)
  await readVector(files.before, room[which])
  return room[which]
}

/** Whether there was something to write. */
async function writeAfter(files: VectorFiles | undefined, vector: Params | undefined): Promise<boolean> {
  if (files === undefined || vector === undefined) return false
  await writeVector(files.after, vector)
  return true
}

function part({ inputShape, x, y, numExamples }: Dataset, from: number, to: number): Dataset {
  const width = x.length / numExamples
  return { numExamples: to - from, inputShape, x: x.subarray(from * width, to * width), y: y.subarray(from, to) }
}
