import {
  asTopology,
  checkDataset,
  clipToNorm,
  layoutOf,
  localMetrics,
  logitsTopology,
  openModel,
  rowsOfRound,
  shuffle,
  tensorSize,
  type DataSchema,
  type Dataset,
  type Loss,
  type Params,
  type Plan,
  type Rng,
  type Trainer,
  type TrainOptions,
} from '@panal/client-core'
// A model is opened to be read: some backend of tfjs has to hold its weights meanwhile.
import '@tensorflow/tfjs-backend-cpu'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { channelBlock } from './layers/blocked.ts'
import { compileChain, type Chain } from './model-chain.ts'
import { drawnName, predictionGraph, trainingGraph } from './training-graph.ts'

/** Examples that are predicted at a time: enough to keep a core busy, few enough for its cache. */
const predictionBatch = 256

export interface CompiledTrainerOptions {
  /** How many channels lie together in a blocked image; 0: no image is blocked. As the machine has it by itself. */
  readonly block?: number
}

/**
 * A trainer that runs as native code on one thread: the model, its loss and its optimizer compiled to one ONNX graph for a
 * whole round's steps. It draws the same rows and batches as tfjs's trainer does from the same rng, and comes to the same
 * delta within float32 rounding. Holds a few compiled graphs until disposed.
 * @throws Uncompilable with the first thing that it cannot express
 */
export async function compiledTrainer(
  topology: unknown,
  schema: DataSchema,
  loss: Loss,
  { block }: CompiledTrainerOptions = {},
): Promise<Trainer> {
  const blockOfChannels = block ?? (await channelBlock())
  const model = await openModel(logitsTopology(asTopology(topology)))
  const layout = layoutOf(model)
  const numClasses = schema.classes.length
  const chain = await disposing(model, () => compileChain(model, blockOfChannels))
  const { inputShape } = chain
  const width = tensorSize(inputShape)
  const sessions = new Map<string, Promise<InferenceSession>>()
  const session = (key: string, write: () => Uint8Array): Promise<InferenceSession> => {
    const known = sessions.get(key) ?? InferenceSession.create(write(), sessionOptions)
    sessions.set(key, known)
    return known
  }

  async function predict(params: Params, data: Dataset, signal?: AbortSignal): Promise<Float32Array> {
    checkDataset(data, inputShape, numClasses)
    const native = await session('predict', () => predictionGraph(chain, loss))
    const answers = new Float32Array(data.numExamples * numClasses)
    const given = new Tensor('float32', params, [params.length])
    for (let start = 0; start < data.numExamples; start += predictionBatch) {
      signal?.throwIfAborted()
      const count = Math.min(predictionBatch, data.numExamples - start)
      const x = new Tensor('float32', unshared(data.x.subarray(start * width, (start + count) * width)), [count, width])
      const found = await native.run({ params: given, x })
      answers.set(found[native.outputNames[0]!]!.data as Float32Array, start * numClasses)
    }
    return answers
  }

  async function train(
    base: Params,
    plan: Plan,
    data: Dataset,
    rng: Rng,
    signal: AbortSignal,
    { correction, centre, layers = 'all' }: TrainOptions,
  ) {
    signal.throwIfAborted()
    checkDataset(data, inputShape, numClasses)
    const { optimizer, batchSize } = plan
    const proximalTerm = (plan.proximalTerm ?? 0) + (correction?.proximalTerm ?? 0)
    const isCorrected = correction !== undefined
    const hasCentre = centre !== undefined && proximalTerm > 0
    const terms = { optimizer, batchSize, proximalTerm, isCorrected, hasCentre, layers }
    const native = await session(`train ${JSON.stringify(terms)}`, () =>
      trainingGraph(chain, { loss, numClasses, ...terms }),
    )
    const steps = stepsOf(data.numExamples, plan, rng)
    const numSteps = steps.starts.length
    const found = await native.run({
      params: new Tensor('float32', base, [base.length]),
      x: new Tensor('float32', unshared(data.x), [data.numExamples, width]),
      labels: new Tensor('int64', BigInt64Array.from(data.y, BigInt), [data.numExamples]),
      order: new Tensor('int64', steps.order, [steps.order.length]),
      starts: new Tensor('int64', steps.starts, [numSteps]),
      ends: new Tensor('int64', steps.ends, [numSteps]),
      ...Object.fromEntries(drawnFor(chain, steps, Math.min(batchSize, steps.numRows), rng)),
      ...(isCorrected && { offset: new Tensor('float32', correction.offset, [base.length]) }),
      ...(hasCentre && { centre: new Tensor('float32', centre, [base.length]) }),
      rate: new Tensor('float32', Float32Array.of(plan.learningRate), []),
    })
    signal.throwIfAborted()
    const [delta, losses] = native.outputNames.map((name) => found[name]!.data as Float32Array) as [
      Float32Array,
      Float32Array,
    ]
    for (let i = 0; i < delta.length; i++) delta[i]! -= base[i]!
    if (plan.clipNorm !== undefined) clipToNorm(delta, plan.clipNorm)
    const epochMean = (epoch: number): number => meanLoss(losses, steps, epoch)
    return {
      delta,
      numExamples: steps.numRows,
      numSteps,
      lossBefore: epochMean(0),
      lossAfter: epochMean(plan.epochs - 1),
    }
  }

  return {
    layout,
    async train(base, plan, data, rng, signal, options = {}) {
      const result = await train(base, plan, data, rng, signal, options)
      options.onProgress?.(1, result.lossAfter)
      return result
    },
    evaluate: async (params, data, signal) => localMetrics(await predict(params, data, signal), data.y, numClasses),
    predict,
    dispose() {
      for (const each of sessions.values()) void each.then((native) => native.release())
      sessions.clear()
    },
  }
}

/** One thread each: a fleet has a thread for each core. */
const sessionOptions: InferenceSession.SessionOptions = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  logSeverityLevel: 3,
}

/** onnxruntime takes no memory that threads share: what lies there is copied for as long as it runs. */
const unshared = (values: Float32Array): Float32Array =>
  values.buffer instanceof SharedArrayBuffer ? new Float32Array(values) : values

interface Steps {
  /** Rows of all steps, one after the other. */
  readonly order: BigInt64Array
  readonly starts: BigInt64Array
  readonly ends: BigInt64Array
  /** Rows of one epoch. */
  readonly numRows: number
  readonly stepsPerEpoch: number
}

/** The same rows in the same batches as the steps of tfjs's trainer. */
function stepsOf(numExamples: number, { epochs, batchSize, maxExamples }: Plan, rng: Rng): Steps {
  const rows = rowsOfRound(numExamples, maxExamples, rng.fork('examples'))
  const stepsPerEpoch = Math.ceil(rows.length / batchSize)
  const order = new BigInt64Array(epochs * rows.length)
  const starts = new BigInt64Array(epochs * stepsPerEpoch)
  const ends = new BigInt64Array(epochs * stepsPerEpoch)
  for (let epoch = 0; epoch < epochs; epoch++) {
    const shuffled = shuffle(rows.slice(), rng.fork(`epoch-${epoch}`))
    const from = epoch * rows.length
    shuffled.forEach((row, i) => (order[from + i] = BigInt(row)))
    for (let step = 0; step < stepsPerEpoch; step++) {
      starts[epoch * stepsPerEpoch + step] = BigInt(from + step * batchSize)
      ends[epoch * stepsPerEpoch + step] = BigInt(from + Math.min(rows.length, (step + 1) * batchSize))
    }
  }
  return { order, starts, ends, numRows: rows.length, stepsPerEpoch }
}

/** What the layers that draw are given for a round, each from a stream of its own. */
const drawnFor = ({ layers }: Chain, { order }: Steps, batchRows: number, rng: Rng): [name: string, Tensor][] =>
  layers.flatMap(({ draws }, place) => {
    if (draws === undefined) return []
    const numRows = draws.isRepeated ? batchRows : order.length
    const values = draws.draw(numRows, rng.fork(`layer-${place}`))
    return [[drawnName(place), new Tensor('bool', values, [numRows, draws.width])]]
  })

/** Of the examples of one epoch's batches. */
function meanLoss(losses: Float32Array, { starts, ends, stepsPerEpoch, numRows }: Steps, epoch: number): number {
  let sum = 0
  for (let step = epoch * stepsPerEpoch; step < (epoch + 1) * stepsPerEpoch; step++)
    sum += losses[step]! * Number(ends[step]! - starts[step]!)
  return sum / numRows
}

async function disposing<Result>(model: { dispose(): unknown }, work: () => Result): Promise<Result> {
  try {
    return work()
  } finally {
    model.dispose()
  }
}
