import { expect } from '@jest/globals'
import {
  initialParams,
  makeRng,
  tfjsTrainer,
  type DataSchema,
  type Dataset,
  type Loss,
  type Plan,
  type TrainOptions,
} from '@panal/client-core'
import '@tensorflow/tfjs-backend-cpu'
import { ready, setBackend } from '@tensorflow/tfjs-core'
import { compiledTrainer, type CompiledTrainerOptions } from '../../../../simulations/src/engine/compiled-trainer.ts'

/** Models trained both ways from the same weights, batches and seed. */
export async function useTfjs(): Promise<void> {
  await setBackend('cpu')
  await ready()
}

export interface Layer {
  readonly class_name: string
  readonly config: Readonly<Record<string, unknown>>
}
export const layer = (className: string, config: Readonly<Record<string, unknown>> = {}): Layer => ({
  class_name: className,
  config: { trainable: true, dtype: 'float32', ...config },
})
export const sequential = (layers: readonly Layer[], shape: readonly number[]) => ({
  class_name: 'Sequential',
  config: {
    name: 'model',
    layers: layers.map(({ class_name: className, config }, i) => ({
      class_name: className,
      config: {
        name: `${className.toLowerCase()}${i}`,
        ...config,
        ...(i === 0 && { batch_input_shape: [null, ...shape] }),
      },
    })),
  },
})
export const dense = (units: number, activation = 'linear', more = {}) =>
  layer('Dense', { units, activation, use_bias: true, ...more })
export const conv = (filters: number, kernel: number | readonly number[], more = {}) =>
  layer('Conv2D', {
    filters,
    kernel_size: typeof kernel === 'number' ? [kernel, kernel] : kernel,
    activation: 'relu',
    use_bias: true,
    ...more,
  })
export const flatten = layer('Flatten')

export const image = (height: number, width: number, channels: number): DataSchema => ({
  kind: 'image',
  height,
  width,
  channels,
  scale: 1,
  classes: ['a', 'b', 'c'],
})

/** Normal values, and labels that have to do with them. */
export function dataset(schema: DataSchema, shape: readonly number[], numExamples: number): Dataset {
  const rng = makeRng('examples')
  const width = shape.reduce((product, length) => product * length, 1)
  const x = Float32Array.from({ length: numExamples * width }, () => rng.normal())
  const y = Int32Array.from({ length: numExamples }, (_, i) => {
    const score = x[i * width]! + 0.5 * x[i * width + width - 1]!
    return score < -0.4 ? 0 : score < 0.4 || schema.classes.length === 2 ? 1 : 2
  })
  return { numExamples, inputShape: shape, x, y }
}

export const plan: Plan = { epochs: 2, batchSize: 8, learningRate: 0.05, optimizer: { name: 'sgd' }, codec: 'f32' }
/** 77 examples in batches of 8: ten steps an epoch, the last of five examples; twenty in all. */
const numExamples = 77

export interface Tried {
  readonly shape: readonly number[]
  readonly topology: unknown
  readonly schema: DataSchema
  readonly loss?: Loss
  readonly plan?: Partial<Plan>
  readonly options?: CompiledTrainerOptions
  /** Pull back to the base, beside a vector that is added to every gradient. */
  readonly correctedBy?: number
  /** What else training is given. */
  readonly given?: Pick<TrainOptions, 'layers'>
  /** Whether proximal terms draw to another vector than the base. */
  readonly isDrawnElsewhere?: boolean
  /** Values that are less become 0, so that neighbours are equal. */
  readonly least?: number
  /** Whole numbers from 0 on instead of normal values. */
  readonly numbersBelow?: number
}

async function bothWays(tried: Tried) {
  const { shape, topology, schema, loss = 'categorical-crossentropy', plan: changes, options } = tried
  const { least = -Infinity, numbersBelow, correctedBy, isDrawnElsewhere = false } = tried
  const data = dataset(schema, shape, numExamples)
  data.x.forEach((value, i) => {
    if (numbersBelow !== undefined) data.x[i] = Math.floor(Math.abs(value) * 100) % numbersBelow
    else if (value < least) data.x[i] = 0
  })
  const base = await initialParams(topology, 3)
  const whole = { ...plan, ...changes }
  const { signal } = new AbortController()
  const [theirs, ours] = [
    await tfjsTrainer(topology, schema, loss),
    await compiledTrainer(topology, schema, loss, options),
  ]
  const offset = base.map((_, i) => 0.1 * Math.sin(i))
  const given = {
    ...tried.given,
    ...(correctedBy !== undefined && { correction: { offset, proximalTerm: correctedBy } }),
    ...(isDrawnElsewhere && { centre: offset }),
  }
  const run = (trainer: typeof ours) => trainer.train(base, whole, data, makeRng('round'), signal, given)
  const expected = await run(theirs)
  const found = await run(ours)
  const answers = [await theirs.predict(base, data), await ours.predict(base, data)] as const
  ours.dispose()
  return { expected, found, answers }
}

/** The largest difference, as a share of the largest value. */
function distance(found: Float32Array, expected: Float32Array): number {
  expect(found.length).toBe(expected.length)
  const most = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
  expect(most).toBeGreaterThan(0)
  return found.reduce((max, value, i) => Math.max(max, Math.abs(value - expected[i]!)), 0) / most
}

export async function expectAlike(tried: Tried): Promise<void> {
  const { expected, found, answers } = await bothWays(tried)
  expect(distance(found.delta, expected.delta)).toBeLessThan(1e-4)
  expect(distance(answers[1], answers[0])).toBeLessThan(1e-5)
  const { delta: _, ...figures } = found
  const { delta: __, ...expectedFigures } = expected
  expect(figures).toEqual({
    ...expectedFigures,
    lossBefore: expect.closeTo(expectedFigures.lossBefore, 4),
    lossAfter: expect.closeTo(expectedFigures.lossAfter, 4),
  })
}

export const onImages = (shape: readonly [number, number, number], layers: readonly Layer[]): Tried => ({
  shape,
  schema: image(...shape),
  topology: sequential([...layers, dense(3, 'softmax')], shape),
})
