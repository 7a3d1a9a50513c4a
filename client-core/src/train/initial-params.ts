import type { LayersModel } from '@tensorflow/tfjs-layers'
import { tensorSize, tensorViews, type Params } from '../model/layout.ts'
import { makeRng, type Rng } from '../model/rng.ts'
import { PanalError } from '../protocol/errors.ts'
import { layoutOf, openModel } from './model.ts'
import { isJsonObject, type JsonObject } from './topology.ts'

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
  const fan = mode === 'fanOut' ? fanOut : mode === 'fanAvg' ? (fanIn + fanOut) / 2 : fanIn
  const variance = numberOr(scale, 1) / Math.max(1, fan)
  const limit = Math.sqrt(3 * variance)
  const std = Math.sqrt(variance)
  for (let i = 0; i < values.length; i++)
    values[i] = distribution === 'uniform' ? (2 * rng.uniform() - 1) * limit : truncatedNormal(rng) * std
}

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

/** By tfjs's class names; the aliases (glorotUniform, heNormal, …) are all VarianceScaling once a model is built. */
const initialisers = {
  Zeros: (values) => void values.fill(0),
  Ones: (values) => void values.fill(1),
  Constant: (values, _shape, { value }) => void values.fill(numberOr(value, 0)),
  RandomUniform: (values, _shape, { minval, maxval }, rng) => {
    const [low, high] = [numberOr(minval, -0.05), numberOr(maxval, 0.05)]
    for (let i = 0; i < values.length; i++) values[i] = low + (high - low) * rng.uniform()
  },
  RandomNormal: (values, _shape, { mean, stddev }, rng) => {
    for (let i = 0; i < values.length; i++) values[i] = numberOr(mean, 0) + numberOr(stddev, 0.05) * rng.normal()
  },
  TruncatedNormal: (values, _shape, { mean, stddev }, rng) => {
    for (let i = 0; i < values.length; i++)
      values[i] = numberOr(mean, 0) + numberOr(stddev, 0.05) * truncatedNormal(rng)
  },
  VarianceScaling: varianceScaling,
  Orthogonal: orthogonal,
  Identity: (values, shape, { gain }) => {
    values.fill(0)
    for (let i = 0; i < Math.min(...shape); i++) values[i * shape.at(-1)! + i] = numberOr(gain, 1)
  },
} as const satisfies Record<string, Fill>

/** `hidden1/depthwise_kernel` → the `depthwiseInitializer` of its layer, or what its name stands for. */
function initialiserOf(weightName: string, config: JsonObject): { className: string; config: JsonObject } {
  const short = weightName.slice(weightName.lastIndexOf('/') + 1)
  const camel = short.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
  const given = config[`${camel}Initializer`] ?? config[`${camel.replace(/Kernel$/, '')}Initializer`]
  if (isJsonObject(given) && typeof given.className === 'string')
    return { className: given.className, config: isJsonObject(given.config) ? given.config : {} }
  // Wrapped layers (TimeDistributed, Bidirectional) keep their initialisers out of sight.
  if (/kernel|embeddings/.test(short))
    return { className: 'VarianceScaling', config: { scale: 1, mode: 'fanAvg', distribution: 'uniform' } }
  return { className: /gamma|variance/.test(short) ? 'Ones' : 'Zeros', config: {} }
}

/**
 * Params drawn by the topology's own initialisers from `seed` alone (tfjs's are not seeded): the same topology and
 * seed give the same bytes on every machine. Each tensor has its own stream, named like the tensor.
 * @throws PanalError 'invalid-task' for an initialiser that is not known.
 */
export async function initialParams(topology: unknown, seed: number): Promise<Params> {
  const model = await openModel(topology)
  try {
    const rng = makeRng(seed).fork('initial-params')
    const layout = layoutOf(model)
    const params = new Float32Array(layout.size)
    const views = tensorViews(params, layout)
    const configs = weightConfigs(model)
    layout.tensors.forEach(({ name, shape }, index) => {
      const { className, config } = initialiserOf(name, configs.get(name) ?? {})
      if (!Object.hasOwn(initialisers, className))
        throw new PanalError('invalid-task', `the initialiser ${className} of ${name} is not known`)
      const fill: Fill = initialisers[className as keyof typeof initialisers]
      fill(views[index]!, shape, config, rng.fork(name))
    })
    return params
  } finally {
    model.dispose()
  }
}

/** The config of the layer that owns each weight. */
const weightConfigs = (model: LayersModel): Map<string, JsonObject> =>
  new Map(
    model.layers.flatMap((layer) =>
      layer.weights.map(({ originalName }) => [originalName, layer.getConfig() as unknown as JsonObject] as const),
    ),
  )
