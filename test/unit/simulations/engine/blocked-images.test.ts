/** @jest-environment <rootDir>/test/native-environment.mjs */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { channelBlock } from '../../../../simulations/src/engine/layers/blocked.ts'
import { conv, dense, expectAlike, flatten, layer, onImages, useTfjs, type Tried } from './as-tfjs.ts'

beforeAll(useTfjs)

const pool = layer('MaxPooling2D', { pool_size: [2, 2], strides: [2, 2] })
/** 77 examples: three batches of 20, and one of 17. Both are more than a block on every machine. */
const inLargeBatches = { plan: { batchSize: 20 } }

// Blocks are of 16 channels or 8; with these the same layers are blocked either way.
describe('images whose channels lie in blocks are trained as tfjs does', () => {
  it.each<[string, Tried]>([
    ['of one channel', onImages([5, 4, 1], [conv(16, 3), flatten])],
    ['one after the other', onImages([4, 5, 3], [conv(16, 3), conv(32, [2, 3]), flatten])],
    ['padded', onImages([4, 3, 1], [conv(16, 3, { padding: 'same' }), conv(16, 2, { padding: 'same' }), flatten])],
    [
      'without bias',
      onImages([4, 4, 2], [conv(16, 2, { use_bias: false }), conv(16, 2, { use_bias: false }), flatten]),
    ],
    ['of a whole block of channels at first', onImages([3, 3, 16], [conv(16, 2), flatten])],
    ['in large batches', { ...onImages([4, 5, 3], [conv(16, 3), conv(32, [2, 3]), flatten]), ...inLargeBatches }],
    ['max pooling', onImages([4, 6, 1], [conv(16, 3, { padding: 'same' }), pool, flatten])],
    ['max pooling that leaves a row and a column', onImages([6, 8, 1], [conv(16, 2), pool, conv(16, 2), flatten])],
    [
      'max pooling of many equal values',
      { ...onImages([6, 6, 1], [conv(16, 2, { padding: 'same' }), pool, flatten]), least: 1 },
    ],
    [
      'max pooling of other activations',
      onImages([4, 4, 1], [conv(16, 3, { padding: 'same', activation: 'tanh' }), pool, flatten]),
    ],
    ['of as many channels as no block has', onImages([5, 4, 1], [conv(16, 2), conv(5, 2), conv(16, 2), flatten])],
    ['strided', onImages([5, 4, 1], [conv(16, 2), conv(16, 2, { strides: [2, 2] }), flatten])],
    [
      'before and after layers that know no blocks',
      onImages(
        [4, 4, 2],
        [layer('BatchNormalization'), conv(16, 2), layer('BatchNormalization'), conv(16, 2), flatten],
      ),
    ],
    ['before pooling that knows no blocks', onImages([4, 4, 1], [conv(16, 2), layer('GlobalAveragePooling2D')])],
    [
      'before pooling by threes',
      onImages([7, 7, 1], [conv(16, 2), layer('MaxPooling2D', { pool_size: [3, 3] }), flatten]),
    ],
    [
      'before activations',
      onImages(
        [4, 4, 1],
        [conv(16, 2, { activation: 'linear' }), layer('ReLU'), conv(16, 2, { activation: 'softmax' }), flatten],
      ),
    ],
    [
      'before a reshape',
      onImages([4, 4, 1], [conv(16, 2), layer('Reshape', { target_shape: [3, 3, 16] }), conv(16, 2), flatten]),
    ],
    [
      'with a frozen filter',
      onImages([4, 4, 1], [conv(16, 2, { trainable: false }), conv(16, 2), flatten, dense(5, 'relu')]),
    ],
    [
      'with Adam',
      {
        ...onImages([6, 6, 1], [conv(16, 2), pool, flatten]),
        plan: { optimizer: { name: 'adam' }, learningRate: 0.01 },
      },
    ],
  ])('%s', (_, tried) => expectAlike(tried))

  it('likewise where the machine has none', () =>
    expectAlike({ ...onImages([5, 5, 1], [conv(16, 2), pool, conv(16, 2), flatten]), options: { block: 0 } }))

  it('has blocks as wide as a register, or none', async () => {
    expect([0, 8, 16]).toContain(await channelBlock())
  })
})
