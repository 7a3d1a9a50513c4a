import '@tensorflow/tfjs-backend-cpu'
import { afterEach, describe, expect, it } from '@jest/globals'
import {
  checkModel,
  codecs,
  initialParams,
  layoutOf,
  makeLayout,
  modelTopology,
  openModel,
  readParams,
  tensorViews,
  tfjsModelJson,
  tfjsTrainer,
  writeParams,
  type ModelSpec,
} from '@panal/client-core'
import { io, memory, tensor, tidy, type Tensor } from '@tensorflow/tfjs-core'
import { input, layers, loadLayersModel, model as functional, sequential } from '@tensorflow/tfjs-layers'
import { barImages, points, tinyImages } from './tiny-tasks.ts'

const mlp: ModelSpec = { builtin: 'mlp', hidden: [5, 4] }

afterEach(() => {
  expect(memory().numTensors).toBe(0)
})

describe('modelTopology', () => {
  it('mlp on images: flatten, ReLU layers hidden1…, softmax output; names fixed', async () => {
    const opened = await openModel(modelTopology(mlp, tinyImages, 'categorical-crossentropy'))
    expect(opened.layers.map(({ name }) => name)).toEqual(['flatten', 'hidden1', 'hidden2', 'output'])
    expect(layoutOf(opened)).toEqual(
      makeLayout([
        { name: 'hidden1/kernel', shape: [16, 5] },
        { name: 'hidden1/bias', shape: [5] },
        { name: 'hidden2/kernel', shape: [5, 4] },
        { name: 'hidden2/bias', shape: [4] },
        { name: 'output/kernel', shape: [4, 3] },
        { name: 'output/bias', shape: [3] },
      ]),
    )
    opened.dispose()
  })

  it('mlp without hidden layers on a table is logistic regression', async () => {
    const opened = await openModel(modelTopology({ builtin: 'mlp', hidden: [] }, points, 'binary-crossentropy'))
    expect(layoutOf(opened).tensors).toEqual([
      { name: 'output/kernel', shape: [2, 1] },
      { name: 'output/bias', shape: [1] },
    ])
    expect(opened.inputs[0]!.shape).toEqual([null, 2])
    opened.dispose()
  })

  it('keeps its weight names when the same process opens the model twice', async () => {
    const topology = modelTopology(mlp, tinyImages, 'categorical-crossentropy')
    const [first, second] = [await openModel(topology), await openModel(topology)]
    expect(layoutOf(second)).toEqual(layoutOf(first))
    first.dispose()
    second.dispose()
  })

  it('is JSON: nothing is lost on the wire', () => {
    const topology = modelTopology(mlp, tinyImages, 'categorical-crossentropy')
    expect(JSON.parse(JSON.stringify(topology))).toEqual(topology)
  })

  it('unwraps what model.toJSON, a model.json or Keras give', () => {
    const net = sequential({
      layers: [layers.dense({ name: 'output', units: 3, inputShape: [2], activation: 'softmax' })],
    })
    const plain = net.toJSON(null, false) as unknown as Record<string, unknown>
    net.dispose()
    const unwrapped = modelTopology({ topology: plain }, points, 'categorical-crossentropy')
    for (const topology of [
      { modelTopology: plain },
      { model_config: plain },
      { modelTopology: { model_config: plain } },
    ])
      expect(modelTopology({ topology }, points, 'categorical-crossentropy')).toEqual(unwrapped)
    expect(() => modelTopology({ topology: 7 }, points, 'categorical-crossentropy')).toThrow('not a JSON object')
    expect(() => modelTopology({ topology: { layers: [] } }, points, 'categorical-crossentropy')).toThrow('class_name')
  })
})

describe('initialParams', () => {
  const topology = modelTopology({ builtin: 'mlp', hidden: [64] }, tinyImages, 'categorical-crossentropy')

  it('follows from topology and seed alone', async () => {
    const first = await initialParams(topology, 7)
    expect(await initialParams(topology, 7)).toEqual(first)
    expect(await initialParams(topology, 8)).not.toEqual(first)
  })

  it('draws He uniform for ReLU layers, Glorot uniform for the output, zeros for biases', async () => {
    const layout = makeLayout([
      { name: 'hidden1/kernel', shape: [16, 64] },
      { name: 'hidden1/bias', shape: [64] },
      { name: 'output/kernel', shape: [64, 3] },
      { name: 'output/bias', shape: [3] },
    ])
    const [hidden, hiddenBias, output, outputBias] = tensorViews(await initialParams(topology, 3), layout)
    // He: √(6 / fan in) = √(6 / 16); Glorot: √(6 / (fan in + fan out)) = √(6 / 67).
    for (const [kernel, limit] of [
      [hidden!, Math.sqrt(6 / 16)],
      [output!, Math.sqrt(6 / 67)],
    ] as const) {
      const largest = Math.max(...kernel.map(Math.abs))
      expect(largest).toBeLessThanOrEqual(limit)
      expect(largest).toBeGreaterThan(0.95 * limit)
      // Standard error of the mean of n uniforms in ±limit: limit / √(3n). Four of them: fails once in 16,000 seeds.
      const mean = kernel.reduce((sum, value) => sum + value, 0) / kernel.length
      expect(Math.abs(mean)).toBeLessThan((4 * limit) / Math.sqrt(3 * kernel.length))
    }
    expect([...hiddenBias!, ...outputBias!].every((value) => value === 0)).toBe(true)
  })

  it('obeys the initialisers of a topology of one’s own', async () => {
    const topology = {
      class_name: 'Sequential',
      config: {
        name: 'own',
        layers: [
          {
            class_name: 'Dense',
            config: {
              name: 'square',
              units: 4,
              batch_input_shape: [null, 4],
              kernel_initializer: { class_name: 'Orthogonal', config: { gain: 1 } },
              bias_initializer: 'ones',
            },
          },
          { class_name: 'BatchNormalization', config: { name: 'norm' } },
          { class_name: 'Dense', config: { name: 'output', units: 2, kernel_initializer: 'glorot_normal' } },
        ],
      },
    }
    const opened = await openModel(topology)
    const layout = layoutOf(opened)
    opened.dispose()
    const params = await initialParams(topology, 5)
    const weights = Object.fromEntries(
      tensorViews(params, layout).map((values, i) => [layout.tensors[i]!.name, Array.from(values)]),
    )
    const kernel = weights['square/kernel']!
    for (let i = 0; i < 4; i++)
      for (let j = 0; j < 4; j++) {
        const dot = [0, 1, 2, 3].reduce((sum, k) => sum + kernel[k * 4 + i]! * kernel[k * 4 + j]!, 0)
        expect(dot).toBeCloseTo(i === j ? 1 : 0, 6)
      }
    expect(weights['square/bias']).toEqual([1, 1, 1, 1])
    expect(weights['norm/gamma']).toEqual([1, 1, 1, 1])
    expect(weights['norm/beta']).toEqual([0, 0, 0, 0])
    expect(weights['norm/moving_mean']).toEqual([0, 0, 0, 0])
    expect(weights['norm/moving_variance']).toEqual([1, 1, 1, 1])
    // Truncated at two standard deviations of √(2 / (4 + 2)).
    expect(Math.max(...weights['output/kernel']!.map(Math.abs))).toBeLessThanOrEqual(2 * Math.sqrt(1 / 3))
  })
})

describe('params and model.json', () => {
  it('writes and reads params in layout order', async () => {
    const opened = await openModel(modelTopology(mlp, tinyImages, 'categorical-crossentropy'))
    const params = Float32Array.from({ length: layoutOf(opened).size }, (_, i) => i)
    writeParams(opened, params)
    expect(await readParams(opened)).toEqual(params)
    expect(() => writeParams(opened, params.subarray(1))).toThrow(RangeError)
    opened.dispose()
  })

  it('model.json with f32 bytes loads with tf.loadLayersModel and predicts as the trainer does', async () => {
    const topology = modelTopology(mlp, tinyImages, 'categorical-crossentropy')
    const params = await initialParams(topology, 11)
    const trainer = await tfjsTrainer(topology, tinyImages, 'categorical-crossentropy')
    const json = JSON.parse(JSON.stringify(tfjsModelJson(topology, trainer.layout, 'weights.bin'))) as ReturnType<
      typeof tfjsModelJson
    >
    const bytes = codecs.f32.encode(params, trainer.layout)
    const loaded = await loadLayersModel(
      io.fromMemory({
        modelTopology: json.modelTopology as object,
        weightSpecs: json.weightsManifest[0]!.weights as io.WeightsManifestEntry[],
        weightData: bytes.buffer as ArrayBuffer,
      }),
    )
    const data = barImages(6, 2)
    const expected = tidy(() =>
      Array.from((loaded.predict(tensor(data.x, [6, 4, 4, 1])) as Tensor).dataSync<'float32'>()),
    )
    loaded.dispose()
    const predicted = await trainer.predict(params, data)
    predicted.forEach((p, i) => expect(p).toBeCloseTo(expected[i]!, 6))
  })
})

describe('checkModel', () => {
  const own = (topology: unknown) => checkModel({ topology }, tinyImages, 'categorical-crossentropy')
  const built = (...last: Parameters<typeof layers.dense>[0][]) => {
    const net = sequential({
      layers: [layers.flatten({ name: 'flat', inputShape: [4, 4, 1] }), ...last.map((config) => layers.dense(config))],
    })
    const json = net.toJSON(null, false) as unknown as { config: { layers: { config: Record<string, unknown> }[] } }
    net.dispose()
    return json
  }

  it('finds nothing wrong with the built-in models, or a convolutional one of one’s own', async () => {
    expect(await checkModel(mlp, tinyImages, 'categorical-crossentropy')).toEqual([])
    expect(await checkModel(mlp, points, 'binary-crossentropy')).toEqual([])
    const image = input({ name: 'image', shape: [4, 4, 1] })
    const maps = layers.conv2d({ name: 'conv', filters: 2, kernelSize: 3, activation: 'relu' }).apply(image)
    const flat = layers.flatten({ name: 'flat' }).apply(maps)
    const output = layers
      .softmax({ name: 'probabilities' })
      .apply(layers.dense({ name: 'scores', units: 3 }).apply(flat))
    const net = functional({ inputs: image, outputs: output as ReturnType<typeof input> })
    const topology = net.toJSON(null, false) as unknown
    net.dispose()
    expect(await own(topology)).toEqual([])
  })

  it('wants two classes for binary cross-entropy', async () => {
    expect(await checkModel(mlp, tinyImages, 'binary-crossentropy')).toEqual([
      { path: '/loss', message: 'binary-crossentropy needs two classes; there are 3' },
    ])
  })

  it('wants a name for every layer, and the activation that the loss takes', async () => {
    const topology = built({ name: 'a', units: 4 }, { name: 'b', units: 3, activation: 'sigmoid' })
    delete topology.config.layers[1]!.config.name
    expect(await own(topology)).toEqual([
      { path: '/model/topology/config/layers/1/config/name', message: 'every layer needs a name' },
      {
        path: '/model/topology/config/layers/2/config/activation',
        message: 'the output layer’s activation must be softmax for this loss',
      },
    ])
  })

  it('compares input and output shapes with the data', async () => {
    const topology = built({ name: 'b', units: 4, activation: 'softmax' })
    topology.config.layers[0]!.config.batch_input_shape = [null, 5, 4, 1]
    expect(await own(topology)).toEqual([
      { path: '/model/topology', message: 'the input is [n, 5, 4, 1]; the data gives [n, 4, 4, 1]' },
      { path: '/model/topology', message: 'the output is [n, 4]; the task needs [n, 3]' },
    ])
  })

  it('wants something to train, and initialisers it knows', async () => {
    const frozen = built({ name: 'b', units: 3, activation: 'softmax', trainable: false })
    expect(await own(frozen)).toEqual([{ path: '/model/topology', message: 'the model has nothing to train' }])
    const strange = built({ name: 'b', units: 3, activation: 'softmax' })
    strange.config.layers[1]!.config.kernel_initializer = { class_name: 'Dice', config: {} }
    expect(await own(strange)).toEqual([
      { path: '/model/topology', message: 'the initialiser of b/kernel is not known: Dice' },
    ])
  })

  it('says what tfjs says of a layer that cannot be built', async () => {
    const topology = built({ name: 'b', units: 3, activation: 'softmax' })
    ;(topology.config.layers[0] as unknown as { class_name: string }).class_name = 'Nonsense'
    const [problem, ...rest] = await own(topology)
    expect(rest).toEqual([])
    expect(problem!.message).toContain('Nonsense')
  })

  it.each([null, 7, 'x', {}, { class_name: 'Sequential', config: { layers: [] } }])('refuses %j', async (topology) => {
    expect(await own(topology)).not.toEqual([])
  })
})
