/** @jest-environment <rootDir>/test/native-environment.mjs */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { compiledTrainer } from '../../../../simulations/src/engine/compiled-trainer.ts'
import { dense, expectAlike, flatten, layer, onImages, useTfjs, type Layer, type Tried } from './as-tfjs.ts'

beforeAll(useTfjs)

/** Images read as sequences of their rows: 5 times, 3 features each. */
const rows = layer('Reshape', { target_shape: [5, 3] })
const onSequences = (layers: readonly Layer[]): Tried => onImages([5, 3, 1], [rows, ...layers])
const recurrent = (kind: string, more = {}) =>
  layer(kind, {
    units: 4,
    activation: 'tanh',
    use_bias: true,
    recurrent_initializer: { class_name: 'Orthogonal', config: { gain: 1 } },
    ...(kind !== 'SimpleRNN' && { recurrent_activation: 'hard_sigmoid' }),
    ...more,
  })
const kinds = ['SimpleRNN', 'LSTM', 'GRU'] as const

describe('a recurrent layer is trained as tfjs trains it', () => {
  describe.each(kinds)('%s', (kind) => {
    it.each<[string, Tried]>([
      ['by itself', onSequences([recurrent(kind)])],
      ['without bias', onSequences([recurrent(kind, { use_bias: false })])],
      ['of all times', onSequences([recurrent(kind, { return_sequences: true }), flatten])],
      ['backwards', onSequences([recurrent(kind, { go_backwards: true })])],
      [
        'backwards, of all times',
        onSequences([recurrent(kind, { go_backwards: true, return_sequences: true }), flatten]),
      ],
      ['after another', onSequences([recurrent(kind, { return_sequences: true }), recurrent(kind, { units: 3 })])],
      ['backwards after another', onSequences([dense(3, 'tanh'), recurrent(kind, { go_backwards: true })])],
      ['of other activations', onSequences([recurrent(kind, { activation: 'relu', recurrent_activation: 'sigmoid' })])],
      ['with momentum', { ...onSequences([recurrent(kind)]), plan: { optimizer: { name: 'sgd', momentum: 0.9 } } }],
    ])('%s', (_, tried) => expectAlike(tried))
  })
})

describe('layers over sequences are trained as tfjs trains them', () => {
  const embedded = (layers: readonly Layer[], more = {}): Tried => ({
    // Numbers under 7, so that rows of the table are looked up several times, and some never.
    ...onImages([2, 3, 1], [flatten, layer('Embedding', { input_dim: 9, output_dim: 4 }), ...layers]),
    numbersBelow: 7,
    ...more,
  })
  it.each<[string, Tried]>([
    ['an embedding', embedded([flatten])],
    ['an embedding, and its mean', embedded([layer('GlobalAveragePooling1D')])],
    ['an embedding, and its largest', embedded([layer('GlobalMaxPooling1D')])],
    ['an embedding before a recurrent layer', embedded([recurrent('LSTM')])],
    ['an embedding with Adam', embedded([flatten], { plan: { optimizer: { name: 'adam' }, learningRate: 0.01 } })],
    ['a dense layer at each time', onSequences([dense(4, 'relu'), flatten])],
    [
      'softmax at each time',
      onSequences([dense(4, 'softmax'), layer('Activation', { activation: 'softmax' }), flatten]),
    ],
    ['layer normalisation', onSequences([dense(4), layer('LayerNormalization'), flatten])],
    ['batch normalisation', onSequences([dense(4), layer('BatchNormalization'), flatten])],
  ])('%s', (_, tried) => expectAlike(tried))
})

describe('what is not compiled says so', () => {
  it.each<[string, readonly Layer[], RegExp]>([
    ['dropout in a cell', [rows, recurrent('LSTM', { dropout: 0.2 })], /recurrent layer with dropout/],
    ['dropout of its state', [rows, recurrent('GRU', { recurrent_dropout: 0.2 })], /with recurrentDropout/],
    [
      'masked zeros',
      [flatten, layer('Embedding', { input_dim: 9, output_dim: 4, mask_zero: true }), layer('GlobalAveragePooling1D')],
      /masks zeros/,
    ],
  ])('%s', async (_, layers, says) => {
    const { topology, schema } = onImages([5, 3, 1], layers)
    await expect(compiledTrainer(topology, schema, 'categorical-crossentropy')).rejects.toThrow(says)
  })
})
