import { tensor, tidy, type Tensor2D } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import type { Dataset } from '../data/dataset.ts'
import { inputShape } from '../data/read-dataset.ts'
import type { Clock } from '../device/clock.ts'
import { tensorSize, tensorViews, type Layout, type Params } from '../model/layout.ts'
import { shuffle, type Rng } from '../model/rng.ts'
import { clipToNorm } from '../privacy/clip.ts'
import type { DataSchema } from '../protocol/data-schema.ts'
import type { Loss, Plan } from '../protocol/task.ts'
import { checkDataset, gather, rowsOfRound, stepsOfRound } from './batches.ts'
import { breathing, type Breath } from './breath.ts'
import { localMetrics } from './local-metrics.ts'
import { lastTrained, localSteps } from './local-step.ts'
import { LossLog } from './loss-log.ts'
import { applyModel, layoutOf, openModel, readParams, writeParams } from './model.ts'
import { objectives } from './objective.ts'
import { logitsTopology, asTopology } from './topology.ts'
import { seedDropout } from './seeded-dropout.ts'
import type { LocalResult, TrainOptions, Trainer } from './trainer.ts'
import { useFastWasmGradients } from './wasm-matmul.ts'

export interface TfjsTrainerOptions {
  /** With a real clock, work hands the thread back every 50 ms. Without one, it runs through. */
  readonly clock?: Clock
}

/** Values of x in one evaluation batch, 1 MiB: enough to keep any backend busy. */
const evaluationBatchValues = 1 << 18

/** Examples in one batch of `predict`. Sets cut between its batches give the same answers, byte for byte, as the whole. */
export const evaluationBatchRows = (exampleShape: readonly number[]): number =>
  Math.max(1, Math.floor(evaluationBatchValues / tensorSize(exampleShape)))

/** Where a round's steps run: all that `runEpochs` needs to know. */
interface Run {
  readonly model: LayersModel
  readonly plan: Plan
  readonly data: Dataset
  readonly rng: Rng
  readonly signal: AbortSignal
  readonly breath: Breath
  readonly options: TrainOptions
}

/**
 * A trainer over tfjs, on whatever backend is set when it is called. The loss is computed from logits. The same base,
 * plan, data, rng and backend give the same delta, byte for byte.
 * Opens the model at each call and disposes it at the end, also when aborted: between calls it holds no tensors.
 */
export async function tfjsTrainer(
  topology: unknown,
  schema: DataSchema,
  loss: Loss,
  { clock }: TfjsTrainerOptions = {},
): Promise<Trainer> {
  const logits = logitsTopology(asTopology(topology))
  const objective = objectives[loss]
  const exampleShape = inputShape(schema)
  const numClasses = schema.classes.length

  /** Opens the model with these params, and disposes it whatever happens. */
  async function withModel<T>(params: Params, use: (model: LayersModel) => Promise<T>): Promise<T> {
    const model = await openModel(logits)
    try {
      writeParams(model, params)
      return await use(model)
    } finally {
      model.dispose()
    }
  }

  async function runEpochs({ model, plan, data, rng, signal, breath, options }: Run): Promise<LocalResult> {
    const rows = rowsOfRound(data.numExamples, plan.maxExamples, rng.fork('examples'))
    const numSteps = stepsOfRound(plan, data.numExamples)
    const losses = new LossLog()
    seedDropout(model, rng.fork('dropout'))
    const steps = localSteps(model, { objective, plan, numClasses, options })
    let step = 0
    const report = async () => {
      const loss = await losses.read()
      options.onProgress?.(step / numSteps, loss)
      signal.throwIfAborted()
    }
    try {
      for (let epoch = 0; epoch < plan.epochs; epoch++) {
        const order = shuffle(rows.slice(), rng.fork(`epoch-${epoch}`))
        for (let start = 0; start < order.length; start += plan.batchSize) {
          signal.throwIfAborted()
          const batch = gather(data, order.subarray(start, start + plan.batchSize))
          losses.add(steps.step(batch), batch.y.length, epoch)
          step++
          const pause = breath.due()
          if (losses.full || pause || step === numSteps) await report()
          if (pause) await breath.take()
        }
      }
      return {
        delta: await readParams(model),
        numExamples: rows.length,
        numSteps,
        lossBefore: losses.epochMean(0),
        lossAfter: losses.epochMean(-1),
      }
    } finally {
      steps.dispose()
      losses.dispose()
    }
  }

  async function predict(params: Params, data: Dataset, signal?: AbortSignal): Promise<Float32Array> {
    checkDataset(data, exampleShape, numClasses)
    signal?.throwIfAborted()
    const breath = breathing(clock, signal)
    const width = tensorSize(exampleShape)
    const batchSize = evaluationBatchRows(exampleShape)
    const answers = new Float32Array(data.numExamples * numClasses)
    await withModel(params, async (model) => {
      for (let start = 0; start < data.numExamples; start += batchSize) {
        signal?.throwIfAborted()
        const end = Math.min(start + batchSize, data.numExamples)
        const x = data.x.subarray(start * width, end * width)
        const batch = tidy(() =>
          objective.probabilities(applyModel(model, tensor(x, [end - start, ...exampleShape]), false) as Tensor2D),
        )
        try {
          answers.set(await batch.data<'float32'>(), start * numClasses)
        } finally {
          batch.dispose()
        }
        if (breath.due()) await breath.take()
      }
    })
    return answers
  }

  const model = await openModel(logits)
  const layout = layoutOf(model)
  const lastNames = new Set(lastTrained(model).map(({ originalName }) => originalName))
  model.dispose()
  return {
    layout,

    async train(base, plan, data, rng, signal, options = {}) {
      signal.throwIfAborted()
      checkDataset(data, exampleShape, numClasses)
      useFastWasmGradients()
      const breath = breathing(clock, signal)
      const result = await withModel(base, (opened) =>
        runEpochs({ model: opened, plan, data, rng, signal, breath, options }),
      )
      signal.throwIfAborted()
      const { delta } = result
      for (let i = 0; i < delta.length; i++) delta[i]! -= base[i]!
      if (options.layers === 'last') clearOthers(delta, layout, lastNames)
      if (plan.clipNorm !== undefined) clipToNorm(delta, plan.clipNorm)
      return result
    },

    evaluate: async (params, data, signal) => localMetrics(await predict(params, data, signal), data.y, numClasses),
    predict,
    dispose: () => undefined,
  }
}

/** Moving averages of layers that stay as they are have moved along: not so for whoever gets the delta. */
function clearOthers(delta: Params, layout: Layout, names: ReadonlySet<string>): void {
  tensorViews(delta, layout).forEach((values, i) => {
    if (!names.has(layout.tensors[i]!.name)) values.fill(0)
  })
}
