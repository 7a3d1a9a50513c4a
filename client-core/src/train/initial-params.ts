import { tensorSize, tensorViews, type Params } from '../model/layout.ts'
import { makeRng, type Rng } from '../model/rng.ts'
import { PanalError } from '../protocol/errors.ts'
import { layoutOf, openModel } from './model.ts'
import { asTopology, isJsonObject, type JsonObject } from './topology.ts'

type Fill = (values: Float32Array, shape: readonly number[], options: JsonObject, rng: Rng) => void

const numberOr = (value: unknown, fallback: number): number => (typeof value === 'number' ? value : fallback)

/** Standard normal, redrawn while it is over 2. */
function truncatedNormal(rng: Rng): number {
  for (;;) {
    const value = rng.normal()
    if (Math.abs(value) <= 2) return value
  }
}

/** Keras's fans: of a kernel [...receptive field, inputs, outputs]. */
function fans(shape: readonly number[]): { fanIn: number; fanOut: number } {
  if (shape.length < 2) return { fanIn: tensorSize(shape), fanOut: tensorSize(shape) }
  const receptive = tensorSize(shape.slice(0, -2))
  return { fanIn: receptive * shape.at(-2)!, fanOut: receptive * shape.at(-1)! }
}

const varianceScaling: Fill = (values, shape, { scale, mode, distribution }, rng) => {
  const { fanIn, fanOut } = fans(shape)
  const fan = mode === 'fan_out' ? fanOut : mode === 'fan_avg' ? (fanIn + fanOut) / 2 : fanIn
  const variance = numberOr(scale, 1) / Math.max(1, fan)
  const limit = Math.sqrt(3 * variance)
  const std = Math.sqrt(variance)
  for (let i = 0; i < values.length; i++)
    values[i] = distribution === 'uniform' ? (2 * rng.uniform() - 1) * limit : truncatedNormal(rng) * std
}

const scaled =
  (scale: number, mode: string, distribution: string): Fill =>
  (values, shape, _options, rng) =>
    varianceScaling(values, shape, { scale, mode, distribution }, rng)

/** Rows (or columns, whichever are fewer) orthonormal: Gram–Schmidt on normal draws. O(size · fewer). */
const orthogonal: Fill = (values, shape, { gain }, rng) => {
  const columns = shape.at(-1)!
  const rows = values.length / columns
  const [count, length] = rows < columns ? [rows, columns] : [columns, rows]
  const basis: Float64Array[] = []
  while (basis.length < count) {
    const vector = Float64Array.from({ length }, () => rng.normal())
    for (const other of basis) {
      const dot = other.reduce((sum, value, i) => sum + value * vector[i]!, 0)
      for (let i = 0; i < length; i++) vector[i]! -= dot * other[i]!
    }
    const norm = Math.hypot(...vector)
    if (norm > 1e-6) basis.push(vector.map((value) => (value / norm) * numberOr(gain, 1)))
  }
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) values[r * columns + c] = rows < columns ? basis[r]![c]! : basis[c]![r]!
}

/** By Keras's and tfjs's names, in lower case without underscores: GlorotUniform and glorot_uniform are the same. */
const initialisers = {
  zeros: (values) => void values.fill(0),
  ones: (values) => void values.fill(1),
  constant: (values, _shape, { value }) => void values.fill(numberOr(value, 0)),
  randomuniform: (values, _shape, { minval, maxval }, rng) => {
    const [low, high] = [numberOr(minval, -0.05), numberOr(maxval, 0.05)]
    for (let i = 0; i < values.length; i++) values[i] = low + (high - low) * rng.uniform()
  },
  randomnormal: (values, _shape, { mean, stddev }, rng) => {
    for (let i = 0; i < values.length; i++) values[i] = numberOr(mean, 0) + numberOr(stddev, 0.05) * rng.normal()
  },
  truncatednormal: (values, _shape, { mean, stddev }, rng) => {
    for (let i = 0; i < values.length; i++)
      values[i] = numberOr(mean, 0) + numberOr(stddev, 0.05) * truncatedNormal(rng)
  },
  variancescaling: varianceScaling,
  orthogonal: orthogonal,
  identity: (values, shape, { gain }) => {
    values.fill(0)
    for (let i = 0; i < Math.min(...shape); i++) values[i * shape.at(-1)! + i] = numberOr(gain, 1)
  },
  glorotuniform: scaled(1, 'fan_avg', 'uniform'),
  glorotnormal: scaled(1, 'fan_avg', 'normal'),
  heuniform: scaled(2, 'fan_in', 'uniform'),
  henormal: scaled(2, 'fan_in', 'normal'),
  lecununiform: scaled(1, 'fan_in', 'uniform'),
  lecunnormal: scaled(1, 'fan_in', 'normal'),
} as const satisfies Record<string, Fill>

/** The config of each layer, by layer name; layers inside wrappers and nested models too. */
function layerConfigs(node: unknown, found = new Map<string, JsonObject>()): Map<string, JsonObject> {
  if (Array.isArray(node)) for (const item of node) layerConfigs(item, found)
  else if (isJsonObject(node)) {
    if (typeof node.class_name === 'string' && isJsonObject(node.config) && typeof node.config.name === 'string')
      found.set(node.config.name, node.config)
    for (const value of Object.values(node)) layerConfigs(value, found)
  }
  return found
}

/** Of `conv/depthwise_kernel`: the `depthwise_initializer` of layer `conv`, or else what such a weight usually has. */
function fillOf(weight: string, configs: Map<string, JsonObject>): { fill: Fill; options: JsonObject } {
  const slash = weight.lastIndexOf('/')
  const [layer, short] = [weight.slice(0, slash), weight.slice(slash + 1)]
  const config = configs.get(layer)
  const given = config?.[`${short}_initializer`] ?? config?.[`${short.replace(/_kernel$/, '')}_initializer`]
  const name = isJsonObject(given) ? given.class_name : given
  if (typeof name !== 'string') {
    const usual = /kernel|embeddings/.test(short) ? 'glorotuniform' : /gamma|variance/.test(short) ? 'ones' : 'zeros'
    return { fill: initialisers[usual], options: {} }
  }
  const key = name.replaceAll('_', '').toLowerCase()
  if (!Object.hasOwn(initialisers, key))
    throw new PanalError('invalid-task', `the initialiser of ${weight} is not known: ${name}`)
  const options = isJsonObject(given) && isJsonObject(given.config) ? given.config : {}
  return { fill: initialisers[key as keyof typeof initialisers], options }
}

/**
 * Params drawn by the topology's own initialisers from `seed` alone (tfjs's are not seeded): the same topology and
 * seed give the same params, each tensor from a stream of its own name. With uniform initialisers they are the same
 * bytes on every machine; the normal ones go through Math.log and Math.cos, which engines may round apart.
 * @throws PanalError 'invalid-task' for an initialiser that is not known.
 */
export async function initialParams(topology: unknown, seed: number): Promise<Params> {
  const model = await openModel(topology)
  const layout = layoutOf(model)
  model.dispose()
  const rng = makeRng(seed).fork('initial-params')
  const configs = layerConfigs(asTopology(topology))
  const params = new Float32Array(layout.size)
  tensorViews(params, layout).forEach((values, index) => {
    const { name, shape } = layout.tensors[index]!
    const { fill, options } = fillOf(name, configs)
    fill(values, shape, options, rng.fork(name))
  })
  return params
}
