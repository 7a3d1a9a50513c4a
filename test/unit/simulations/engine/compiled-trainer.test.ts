/** @jest-environment <rootDir>/test/native-environment.mjs */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { initialParams, makeRng, modelTopology, type DataSchema, type Plan } from '@panal/client-core'
import { compiledTrainer } from '../../../../simulations/src/engine/compiled-trainer.ts'
import {
  conv,
  dataset,
  dense,
  expectAlike,
  flatten,
  layer,
  onImages,
  plan,
  useTfjs,
  type Layer,
  type Tried,
} from './as-tfjs.ts'

beforeAll(useTfjs)

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
          conv(4, 2, { activation: 'linear' }),
          layer('LeakyReLU', { alpha: 0.2 }),
          flatten,
          dense(6),
          layer('Activation', { activation: 'sigmoid' }),
        ],
      ),
    ],
  ])('%s', (_, tried) => expectAlike(tried))

  it.each([
    'linear',
    'relu',
    'relu6',
    'elu',
    'selu',
    'gelu',
    'tanh',
    'sigmoid',
    'softplus',
    'swish',
    'softsign',
    'hard_sigmoid',
    'softmax',
  ])('activation %s', (activation) =>
    expectAlike(onImages([4, 4, 2], [conv(3, 2, { activation }), flatten, dense(6, activation)])),
  )

  const small = onImages([5, 5, 1], [conv(3, 2), flatten, dense(6, 'relu')])
  it.each<[string, Partial<Plan>]>([
    ['momentum', { optimizer: { name: 'sgd', momentum: 0.9 } }],
    ['Adam', { optimizer: { name: 'adam' }, learningRate: 0.01 }],
    ['Adam with weight decay', { optimizer: { name: 'adam', weightDecay: 0.5 }, learningRate: 0.01 }],
    ['the proximal term', { proximalTerm: 0.5 }],
    ['a clipped update', { clipNorm: 0.01 }],
    ['some of the examples', { maxExamples: 30 }],
  ])('%s', (_, changes) => expectAlike({ ...small, plan: changes }))

  it.each<[string, Partial<Plan>, number]>([
    ['plain', {}, 0],
    ['with a pull back to the base', { proximalTerm: 0.2 }, 0.3],
    ['with momentum', { optimizer: { name: 'sgd', momentum: 0.9 } }, 0],
  ])('corrected gradients, %s', (_, changes, correctedBy) => expectAlike({ ...small, plan: changes, correctedBy }))

  it.each<[string, Partial<Plan>]>([
    ['sgd', { proximalTerm: 0.5 }],
    ['Adam', { proximalTerm: 0.5, optimizer: { name: 'adam' }, learningRate: 0.01 }],
  ])('a pull elsewhere than to the base, %s', (_, changes) =>
    expectAlike({ ...small, plan: changes, isDrawnElsewhere: true }),
  )

  it.each<[string, Partial<Plan>]>([
    ['sgd', {}],
    ['momentum, and a pull to the base', { proximalTerm: 0.5, optimizer: { name: 'sgd', momentum: 0.9 } }],
  ])('the last layer alone, %s: no moving average of another moves', (_, changes) =>
    expectAlike({
      ...onImages([5, 5, 1], [conv(3, 2), layer('BatchNormalization'), flatten, dense(6, 'relu')]),
      plan: changes,
      given: { layers: 'last' },
    }),
  )

  it.each(['mean-squared-error', 'mean-absolute-error', 'huber'] as const)('%s', (loss) =>
    expectAlike({ ...small, loss }),
  )

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

it('the same weights, data and seed give the same bytes, in another trainer, too', async () => {
  const { topology, schema, shape } = onImages([6, 6, 1], [conv(16, 3), flatten, dense(5, 'tanh')])
  const data = dataset(schema, shape, 40)
  const base = await initialParams(topology, 3)
  const run = async (): Promise<Float32Array> => {
    const trainer = await compiledTrainer(topology, schema, 'categorical-crossentropy')
    const { delta } = await trainer.train(base, plan, data, makeRng('round'), new AbortController().signal)
    trainer.dispose()
    return delta
  }
  expect(await run()).toEqual(await run())
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
