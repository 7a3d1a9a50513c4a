import '@tensorflow/tfjs-backend-cpu'
import { describe, expect, it } from '@jest/globals'
import { enableProdMode, tensor, type Tensor } from '@tensorflow/tfjs-core'
import {
  applyCalibrator,
  calibratedParams,
  calibratorOf,
  initialParams,
  layoutOf,
  makeRng,
  modelTopology,
  openModel,
  tfjsModelJson,
  tfjsTrainer,
  writeParams,
  type Calibrator,
  type DataSchema,
  type Params,
} from '@panal/client-core'

enableProdMode()

const numFeatures = 4
const schemaOf = (numClasses: number): DataSchema => ({
  kind: 'table',
  columns: ['a', 'b', 'c', 'd'].map((name) => ({ name, kind: 'numeric', mean: 0, std: 1, missing: 'mean' })),
  label: { column: 'label' },
  classes: Array.from({ length: numClasses }, (_, k) => `c${k}`),
})

const dense = (name: string, units: number, activation: string, more: object = {}) => ({
  class_name: 'Dense',
  config: { name, units, activation, ...more },
})
const input = { batch_input_shape: [null, numFeatures] }
const sequential = (...layers: object[]) => ({ class_name: 'Sequential', config: { name: 's', layers } })
/** A functional model in which the layer `output` is called as often as `calls` says. */
const functional = (calls: number) => ({
  class_name: 'Model',
  config: {
    name: 'f',
    layers: [
      { class_name: 'InputLayer', name: 'in', config: { ...input, name: 'in', dtype: 'float32' }, inbound_nodes: [] },
      { ...dense('hidden', numFeatures, 'relu'), name: 'hidden', inbound_nodes: [[['in', 0, 0, {}]]] },
      {
        ...dense('output', numFeatures, 'softmax'),
        name: 'output',
        inbound_nodes: [[['hidden', 0, 0, {}]], [['output', 0, 0, {}]]].slice(0, calls),
      },
    ],
    input_layers: [['in', 0, 0]],
    output_layers: [['output', calls - 1, 0]],
  },
})

const softmaxMlp = modelTopology({ builtin: 'mlp', hidden: [6] }, schemaOf(3), 'categorical-crossentropy')
const pairMlp = modelTopology({ builtin: 'mlp', hidden: [6] }, schemaOf(2), 'categorical-crossentropy')
const sigmoidMlp = modelTopology({ builtin: 'mlp', hidden: [6] }, schemaOf(2), 'binary-crossentropy')

const temperature: Calibrator = { method: 'temperature', temperature: 2.7 }
const sharpening: Calibrator = { method: 'temperature', temperature: 0.4 }
const platt: Calibrator = { method: 'platt', a: -0.6, b: 0.8 }
const isotonic: Calibrator = { method: 'isotonic', curves: [{ x: [0.2, 0.8], y: [0.1, 0.9] }] }

const numExamples = 300
const x = Float32Array.from(
  { length: numExamples * numFeatures },
  (
    (rng) => () =>
      2 * rng.normal()
  )(makeRng('x')),
)

/** Params that make a model sure of itself: logits up to about ±15, as after long training. */
async function confidentParams(topology: unknown): Promise<{ params: Params; layout: ReturnType<typeof layoutOf> }> {
  const model = await openModel(topology)
  const layout = layoutOf(model)
  model.dispose()
  const params = await initialParams(topology, 3)
  const rng = makeRng('params')
  return { params: params.map((each) => 2.5 * each + 0.3 * rng.normal()), layout }
}

/** What an application gets that loads these params: the model's own outputs. */
async function outputs(topology: unknown, params: Params): Promise<Float32Array> {
  const model = await openModel(topology)
  writeParams(model, params)
  const batch = tensor(x, [numExamples, numFeatures])
  const answer = model.predict(batch) as Tensor
  const values = await answer.data<'float32'>()
  for (const each of [batch, answer]) each.dispose()
  model.dispose()
  return values
}

/** Rows of class probabilities, of one sigmoid or of a softmax. */
const asRows = (values: Float32Array) =>
  values.length === numExamples
    ? Float32Array.from({ length: 2 * numExamples }, (_, i) => (i % 2 === 1 ? values[i >> 1]! : 1 - values[i >> 1]!))
    : values

const answersOf = (rows: Float32Array, numClasses: number) =>
  Array.from({ length: numExamples }, (_, row) => {
    const of = rows.subarray(row * numClasses, (row + 1) * numClasses)
    return of.indexOf(Math.max(...of))
  })

describe('params that are calibrated by themselves', () => {
  it.each([
    ['softmax, a temperature', softmaxMlp, 3, temperature],
    ['softmax, a temperature below 1', softmaxMlp, 3, sharpening],
    ['softmax of two classes, Platt’s line', pairMlp, 2, platt],
    ['sigmoid, a temperature', sigmoidMlp, 2, temperature],
    ['sigmoid, Platt’s line', sigmoidMlp, 2, platt],
    ['a functional model', functional(1), numFeatures, temperature],
    [
      'a softmax layer after a dense one',
      sequential(dense('output', 3, 'linear', input), { class_name: 'Softmax', config: { name: 'softmax' } }),
      3,
      temperature,
    ],
    [
      'an activation after a dense one',
      sequential(dense('output', 3, 'linear', input), {
        class_name: 'Activation',
        config: { name: 'act', activation: 'softmax' },
      }),
      3,
      temperature,
    ],
    [
      'a dense layer without a bias, a temperature',
      sequential(dense('output', 3, 'softmax', { ...input, use_bias: false })),
      3,
      temperature,
    ],
  ] as const)(
    '%s: a plain tfjs model answers what the calibrator makes of the raw answers',
    async (_, topology, numClasses, calibrator) => {
      const { params, layout } = await confidentParams(topology)
      const before = params.slice()
      const served = calibratedParams(topology, layout, params, calibrator)!
      expect(params).toEqual(before)
      const loss = topology === sigmoidMlp ? 'binary-crossentropy' : 'categorical-crossentropy'
      const trainer = await tfjsTrainer(topology, schemaOf(numClasses), loss)
      const data = { numExamples, inputShape: [numFeatures], x, y: new Int32Array(numExamples), columns: {} }
      const raw = await trainer.predict(params, data)
      const expected = applyCalibrator(calibrator, { probabilities: raw, numClasses })
      const found = asRows(await outputs(topology, served))
      const off = found.reduce((most, p, i) => Math.max(most, Math.abs(p - expected[i]!)), 0)
      expect(off).toBeLessThan(1e-5)
      // and it did change them
      expect(raw.reduce((most, p, i) => Math.max(most, Math.abs(p - expected[i]!)), 0)).toBeGreaterThan(0.05)
      if (calibrator.method === 'temperature') expect(answersOf(found, numClasses)).toEqual(answersOf(raw, numClasses))
    },
  )

  it('the identity serves a copy', async () => {
    const { params, layout } = await confidentParams(softmaxMlp)
    const served = calibratedParams(softmaxMlp, layout, params, { method: 'identity' })
    expect(served).toEqual(params)
    expect(served).not.toBe(params)
  })

  it.each([
    ['an isotonic curve', pairMlp, isotonic],
    ['a last layer that is used twice', functional(2), temperature],
    ['Platt’s line without a bias', sequential(dense('output', 2, 'softmax', { ...input, use_bias: false })), platt],
    ['Platt’s line on three classes', softmaxMlp, platt],
    [
      'a dense layer with an activation of its own before the softmax',
      sequential(dense('output', 3, 'relu', input), { class_name: 'Softmax', config: { name: 'softmax' } }),
      temperature,
    ],
    ['a temperature that makes weights infinite', softmaxMlp, { method: 'temperature', temperature: 1e-39 }],
  ] as const)('%s is left to the caller', async (_, topology, calibrator) => {
    const { params, layout } = await confidentParams(topology)
    expect(calibratedParams(topology, layout, params, calibrator)).toBeUndefined()
  })

  it('refuses params of another model', async () => {
    const { layout } = await confidentParams(softmaxMlp)
    expect(() => calibratedParams(softmaxMlp, layout, new Float32Array(3), temperature)).toThrow(RangeError)
  })
})

describe('what is left to the caller travels in the model’s JSON', () => {
  it('as metadata that tfjs keeps', async () => {
    const { layout } = await confidentParams(pairMlp)
    const json = tfjsModelJson(pairMlp, layout, 'weights', isotonic)
    expect(json.userDefinedMetadata).toEqual({ panalCalibrator: isotonic })
    expect(tfjsModelJson(pairMlp, layout, 'weights')).not.toHaveProperty('userDefinedMetadata')
    const model = await openModel(pairMlp)
    expect(calibratorOf(model)).toEqual({ method: 'identity' })
    model.setUserDefinedMetadata(json.userDefinedMetadata!)
    expect(calibratorOf(model)).toEqual(isotonic)
    model.setUserDefinedMetadata({ panalCalibrator: { method: 'beta', a: 1 } })
    expect(() => calibratorOf(model)).toThrow('does not know')
    model.dispose()
  })
})
