/** @jest-environment <rootDir>/test/native-environment.mjs */
import { beforeAll, describe, expect, it } from '@jest/globals'
import {
  initialParams,
  makeRng,
  modelTopology,
  tfjsTrainer,
  type DataSchema,
  type Dataset,
  type Loss,
  type Plan,
} from '@panal/client-core'
import '@tensorflow/tfjs-backend-cpu'
import { ready, setBackend } from '@tensorflow/tfjs-core'
import { compiledTrainer } from '../../../../simulations/src/engine/compiled-trainer.ts'

beforeAll(async () => {
  await setBackend('cpu')
  await ready()
})

interface Layer {
  readonly class_name: string
  readonly config: Readonly<Record<string, unknown>>
}
const layer = (className: string, config: Readonly<Record<string, unknown>> = {}): Layer => ({
  class_name: className,
  config: { trainable: true, dtype: 'float32', ...config },
})
const sequential = (layers: readonly Layer[], shape: readonly number[]) => ({
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
const dense = (units: number, activation = 'linear', more = {}) =>
  layer('Dense', { units, activation, use_bias: true, ...more })
const conv = (filters: number, kernel: number | readonly number[], more = {}) =>
  layer('Conv2D', {
    filters,
    kernel_size: typeof kernel === 'number' ? [kernel, kernel] : kernel,
    activation: 'relu',
    use_bias: true,
    ...more,
  })
const flatten = layer('Flatten')

const image = (height: number, width: number, channels: number): DataSchema => ({
  kind: 'image',
  height,
  width,
  channels,
  scale: 1,
  classes: ['a', 'b', 'c'],
})

/** Normal values, and labels that have to do with them. */
function dataset(schema: DataSchema, shape: readonly number[], numExamples: number): Dataset {
  const rng = makeRng('examples')
  const width = shape.reduce((product, length) => product * length, 1)
  const x = Float32Array.from({ length: numExamples * width }, () => rng.normal())
  const y = Int32Array.from({ length: numExamples }, (_, i) => {
    const score = x[i * width]! + 0.5 * x[i * width + width - 1]!
    return score < -0.4 ? 0 : score < 0.4 || schema.classes.length === 2 ? 1 : 2
  })
  return { numExamples, inputShape: shape, x, y }
}

const plan: Plan = { epochs: 2, batchSize: 8, learningRate: 0.05, optimizer: { name: 'sgd' }, codec: 'f32' }
/** 77 examples in batches of 8: ten steps an epoch, the last of five examples; twenty in all. */
const numExamples = 77

interface Tried {
  readonly shape: readonly number[]
  readonly topology: unknown
  readonly schema: DataSchema
  readonly loss?: Loss
  readonly plan?: Partial<Plan>
}

async function bothWays({ shape, topology, schema, loss = 'categorical-crossentropy', plan: changes }: Tried) {
  const data = dataset(schema, shape, numExamples)
  const base = await initialParams(topology, 3)
  const whole = { ...plan, ...changes }
  const { signal } = new AbortController()
  const [theirs, ours] = [await tfjsTrainer(topology, schema, loss), await compiledTrainer(topology, schema, loss)]
  const run = (trainer: typeof ours) => trainer.train(base, whole, data, makeRng('round'), signal)
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

async function expectAlike(tried: Tried): Promise<void> {
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

const onImages = (shape: readonly [number, number, number], layers: readonly Layer[]): Tried => ({
  shape,
  schema: image(...shape),
  topology: sequential([...layers, dense(3, 'softmax')], shape),
})

describe('a compiled model, after 20 steps, is where tfjs is', () => {
  it.each<[string, Tried]>([
    ['a dense layer', onImages([3, 3, 1], [flatten])],
    ['several, without bias', onImages([3, 3, 2], [flatten, dense(7, 'relu', { use_bias: false }), dense(5, 'tanh')])],
    ['a convolution', onImages([7, 6, 1], [conv(4, 3), flatten])],
    ['of several channels, without bias', onImages([7, 6, 3], [conv(4, [3, 2], { use_bias: false }), flatten])],
    ['one after the other', onImages([8, 8, 2], [conv(3, 3), conv(4, 3), flatten])],
    ['padded', onImages([7, 6, 2], [conv(3, 4, { padding: 'same' }), conv(3, 3, { padding: 'same' }), flatten])],
    ['strided', onImages([9, 8, 2], [conv(3, 3, { strides: [2, 2] }), conv(3, 2, { strides: [1, 2] }), flatten])],
    [
      'strided and padded',
      onImages(
        [9, 8, 2],
        [conv(3, 3, { strides: [2, 2], padding: 'same' }), conv(3, 3, { strides: [3, 2], padding: 'same' }), flatten],
      ),
    ],
    [
      'max pooling',
      onImages([8, 9, 2], [conv(3, 3), layer('MaxPooling2D', { pool_size: [2, 2], strides: [2, 2] }), flatten]),
    ],
    [
      'max pooling of windows that overlap',
      onImages(
        [8, 8, 2],
        [conv(3, 3), layer('MaxPooling2D', { pool_size: [3, 3], strides: [2, 2], padding: 'same' }), flatten],
      ),
    ],
    ['average pooling', onImages([8, 9, 2], [conv(3, 3), layer('AveragePooling2D', { pool_size: [2, 2] }), flatten])],
    [
      'average pooling, padded',
      onImages(
        [7, 7, 2],
        [conv(3, 3), layer('AveragePooling2D', { pool_size: [3, 3], strides: [2, 2], padding: 'same' }), flatten],
      ),
    ],
    ['global average pooling', onImages([6, 6, 2], [conv(4, 3), layer('GlobalAveragePooling2D')])],
    ['global max pooling', onImages([6, 6, 2], [conv(4, 3), layer('GlobalMaxPooling2D')])],
    [
      'a depthwise convolution',
      onImages(
        [7, 6, 3],
        [
          layer('DepthwiseConv2D', { kernel_size: [3, 2], depth_multiplier: 2, activation: 'relu', use_bias: true }),
          flatten,
        ],
      ),
    ],
    [
      'a depthwise convolution, strided and padded',
      onImages(
        [8, 7, 2],
        [
          conv(3, 2),
          layer('DepthwiseConv2D', { kernel_size: [3, 3], strides: [2, 2], padding: 'same', use_bias: false }),
          flatten,
        ],
      ),
    ],
    [
      'a separable convolution',
      onImages(
        [8, 7, 2],
        [
          conv(3, 2),
          layer('SeparableConv2D', {
            filters: 4,
            kernel_size: [3, 3],
            padding: 'same',
            depth_multiplier: 2,
            activation: 'tanh',
            use_bias: true,
          }),
          flatten,
        ],
      ),
    ],
    [
      'batch normalisation of images',
      onImages([7, 6, 2], [conv(3, 3), layer('BatchNormalization', { momentum: 0.8 }), conv(4, 3), flatten]),
    ],
    [
      'batch normalisation of features',
      onImages([4, 4, 1], [flatten, dense(6, 'tanh'), layer('BatchNormalization', { epsilon: 0.01 })]),
    ],
    [
      'layer normalisation of images',
      onImages([7, 6, 2], [conv(3, 3), layer('LayerNormalization'), conv(4, 3), flatten]),
    ],
    [
      'layer normalisation of features',
      onImages([4, 4, 1], [flatten, dense(6, 'tanh'), layer('LayerNormalization', { epsilon: 0.01 })]),
    ],
    ['reshape', onImages([4, 4, 2], [layer('Reshape', { target_shape: [2, 4, 4] }), conv(3, 2), flatten])],
    ['a frozen layer', onImages([7, 6, 1], [conv(4, 3, { trainable: false }), flatten, dense(5, 'relu')])],
    [
      'layers that are activations',
      onImages(
        [5, 5, 2],
        [
          conv(3, 2, { activation: 'linear' }),
          layer('ReLU'),
          flatten,
          dense(6),
          layer('Activation', { activation: 'sigmoid' }),
        ],
      ),
    ],
  ])('%s', (_, tried) => expectAlike(tried))

  it.each(['linear', 'relu', 'relu6', 'elu', 'selu', 'gelu', 'tanh', 'sigmoid', 'softplus', 'swish', 'softmax'])(
    'activation %s',
    (activation) => expectAlike(onImages([4, 4, 2], [conv(3, 2, { activation }), flatten, dense(6, activation)])),
  )

  const small = onImages([5, 5, 1], [conv(3, 2), flatten, dense(6, 'relu')])
  it.each<[string, Partial<Plan>]>([
    ['momentum', { optimizer: { name: 'sgd', momentum: 0.9 } }],
    ['Adam', { optimizer: { name: 'adam' }, learningRate: 0.01 }],
    ['the proximal term', { proximalTerm: 0.5 }],
    ['a clipped update', { clipNorm: 0.01 }],
    ['some of the examples', { maxExamples: 30 }],
  ])('%s', (_, changes) => expectAlike({ ...small, plan: changes }))

  it('the two classes of a table', () => {
    const schema: DataSchema = {
      kind: 'table',
      columns: ['a', 'b', 'c'].map((name) => ({ name, kind: 'numeric', mean: 0, std: 1, missing: 'mean' })),
      label: { column: 'y' },
      classes: ['no', 'yes'],
    }
    const loss = 'binary-crossentropy'
    return expectAlike({
      shape: [3],
      schema,
      loss,
      topology: modelTopology({ builtin: 'mlp', hidden: [5] }, schema, loss),
    })
  })
})

describe('what is not compiled', () => {
  it.each<[string, readonly Layer[], RegExp]>([
    [
      'a kind of layer that is not known',
      [flatten, layer('GaussianNoise', { stddev: 1 })],
      /GaussianNoise is not compiled/,
    ],
    [
      'a penalty',
      [flatten, dense(4, 'relu', { kernel_regularizer: { class_name: 'L1L2', config: { l1: 0, l2: 0.1 } } })],
      /kernelRegularizer/,
    ],
    ['dilation', [conv(2, 2, { dilation_rate: [2, 2] }), flatten], /dilation/],
    ['an activation', [flatten, dense(4, 'mish')], /activation mish/],
  ])('says so: %s', async (_, layers, says) => {
    const { topology, schema } = onImages([6, 6, 1], layers)
    await expect(compiledTrainer(topology, schema, 'categorical-crossentropy')).rejects.toThrow(says)
  })
})
