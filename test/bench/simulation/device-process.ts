/**
 * The devices of one worker, one after another, by `ENGINE MODEL EXAMPLES EPOCHS UPDATES`. Says a line of JSON when it is warm,
 * and another for each line that it reads, after so many updates: each device trains from the same params, and its delta is
 * added to one sum. What an engine cannot do it says likewise.
 */
import { createRequire } from 'node:module'
import { dirname, sep } from 'node:path'
import { createInterface } from 'node:readline'
import {
  initialParams,
  makeRng,
  openModel,
  tfjsTrainer,
  writeParams,
  type Dataset,
  type Params,
} from '@panal/client-core'
import { ready, setBackend, tensor, train, tidy } from '@tensorflow/tfjs-core'
import { compiledTrainer } from '../../../simulations/src/engine/compiled-trainer.ts'
import { models, schema, type ModelName } from './models.ts'

const [engine, model, ...numbers] = process.argv.slice(2) as [string, ModelName, ...string[]]
const [numExamples = 0, epochs = 0, numUpdates = 0] = numbers.map(Number)
const { topology, plan: wholePlan } = models[model]
const plan = { ...wholePlan, epochs }
const rng = makeRng('bench')
const numClasses = schema.classes.length
const datasets = Array.from({ length: Math.min(4, numUpdates) }, (): Dataset => ({
  numExamples,
  inputShape: [28, 28, 1],
  x: Float32Array.from({ length: numExamples * 784 }, () => rng.uniform()),
  y: Int32Array.from({ length: numExamples }, () => Math.floor(rng.uniform() * numClasses)),
}))

type TrainDevice = (base: Params, data: Dataset, device: number) => Promise<Params>

/** tfjs as its users write it: a model of its own, compiled, batch after batch. */
async function bareTfjs(): Promise<TrainDevice> {
  const opened = await openModel(topology)
  opened.compile({ optimizer: train.sgd(plan.learningRate), loss: 'categoricalCrossentropy' })
  return async (base, data) => {
    writeParams(opened, base)
    for (let start = 0; start < epochs * numExamples; start += plan.batchSize) {
      const from = start % numExamples
      const [x, y] = tidy(() => {
        const targets = new Float32Array(plan.batchSize * numClasses)
        data.y.subarray(from, from + plan.batchSize).forEach((label, row) => (targets[row * numClasses + label] = 1))
        return [
          tensor(data.x.subarray(from * 784, (from + plan.batchSize) * 784), [plan.batchSize, 28, 28, 1]),
          tensor(targets, [plan.batchSize, numClasses]),
        ]
      })
      await opened.trainOnBatch(x, y)
      x.dispose()
      y.dispose()
    }
    const delta = new Float32Array(base.length)
    let offset = 0
    for (const weight of opened.weights) {
      const values = await weight.read().data<'float32'>()
      for (let i = 0; i < values.length; i++) delta[offset + i] = values[i]! - base[offset + i]!
      offset += values.length
    }
    return delta
  }
}

async function chooseBackend(name: 'cpu' | 'wasm'): Promise<void> {
  if (name === 'wasm') {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm')
    setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}${sep}`)
  } else await import('@tensorflow/tfjs-backend-cpu')
  await setBackend(name)
  await ready()
}

async function open(): Promise<TrainDevice> {
  if (engine === 'cpu' || engine === 'wasm') {
    await chooseBackend(engine)
    return bareTfjs()
  }
  if (engine !== 'native') await chooseBackend('wasm')
  const loss = 'categorical-crossentropy'
  const trainer = await (engine === 'native' ? compiledTrainer : tfjsTrainer)(topology, schema, loss)
  const { signal } = new AbortController()
  return async (base, data, device) => (await trainer.train(base, plan, data, makeRng(device), signal)).delta
}

const say = (what: object): void => console.log(JSON.stringify(what))
try {
  const trainDevice = await open()
  const base = await initialParams(topology, 1)
  const trainSome = async (count: number): Promise<void> => {
    const sum = new Float32Array(base.length)
    for (let device = 0; device < count; device++) {
      const delta = await trainDevice(base, datasets[device % datasets.length]!, device)
      for (let i = 0; i < sum.length; i++) sum[i]! += delta[i]!
    }
    if (!sum.every(Number.isFinite)) throw new Error('not finite')
  }
  await trainSome(1)
  say({ isReady: true })
  for await (const _ of createInterface({ input: process.stdin })) {
    const used = process.cpuUsage()
    await trainSome(numUpdates)
    const { user, system } = process.cpuUsage(used)
    say({ cpuSeconds: (user + system) / 1e6, peakBytes: process.resourceUsage().maxRSS * 1024 })
  }
} catch (error) {
  say({ failed: error instanceof Error ? error.message : String(error) })
}
