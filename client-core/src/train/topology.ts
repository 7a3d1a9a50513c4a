import { inputShape } from '../data/read-dataset.ts'
import { PanalError } from '../protocol/errors.ts'
import type { DataSchema } from '../protocol/data-schema.ts'
import type { Loss, ModelSpec } from '../protocol/task.ts'

export type JsonObject = { [key: string]: unknown }

/** A LayersModel topology, unwrapped: Sequential, or Model / Functional, with `layers` inside its config. */
export interface Topology {
  readonly class_name: string
  readonly config: JsonObject & { readonly layers: readonly unknown[] }
  readonly keras_version: string
  readonly backend: string
}

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const initialiser = (scale: number, mode: 'fan_in' | 'fan_avg') => ({
  class_name: 'VarianceScaling',
  config: { scale, mode, distribution: 'uniform', seed: null },
})
/** He et al. 2015, arXiv:1502.01852: keeps the variance through ReLU layers. */
const heUniform = initialiser(2, 'fan_in')
/** Glorot and Bengio 2010. */
const glorotUniform = initialiser(1, 'fan_avg')
const zeros = { class_name: 'Zeros', config: {} }

const dense = (name: string, units: number, activation: string, rest: JsonObject): JsonObject => ({
  class_name: 'Dense',
  config: {
    ...rest,
    name,
    trainable: true,
    dtype: 'float32',
    units,
    activation,
    use_bias: true,
    kernel_initializer: activation === 'relu' ? heUniform : glorotUniform,
    bias_initializer: zeros,
  },
})

/** Output units and activation that a loss needs. */
export const outputOf = (data: DataSchema, loss: Loss): { units: number; activation: 'softmax' | 'sigmoid' } =>
  loss === 'binary-crossentropy'
    ? { units: 1, activation: 'sigmoid' }
    : { units: data.classes.length, activation: 'softmax' }

/** `mlp`: flatten (images only), dense ReLU layers hidden1…, dense `output`. */
function mlp(hidden: readonly number[], data: DataSchema, loss: Loss): Topology {
  const input = { batch_input_shape: [null, ...inputShape(data)] }
  const layers: JsonObject[] = []
  if (data.kind === 'image')
    layers.push({
      class_name: 'Flatten',
      config: { ...input, name: 'flatten', trainable: true, dtype: 'float32', data_format: 'channels_last' },
    })
  const first = () => (layers.length === 0 ? input : {})
  hidden.forEach((units, index) => layers.push(dense(`hidden${index + 1}`, units, 'relu', first())))
  const output = outputOf(data, loss)
  layers.push(dense('output', output.units, output.activation, first()))
  return wrap('Sequential', { name: 'mlp', layers })
}

const wrap = (className: string, config: Topology['config']): Topology => ({
  class_name: className,
  config,
  keras_version: 'tfjs-layers 4.22.0',
  backend: 'tensor_flow.js',
})

/**
 * A topology as people have them (what `model.toJSON(null, false)` gives, a whole model.json, or Keras's own JSON),
 * unwrapped. @throws PanalError 'invalid-task' when it is none of these.
 */
export function asTopology(given: unknown): Topology {
  if (!isJsonObject(given)) throw new PanalError('invalid-task', 'the topology is not a JSON object')
  const inner = given.modelTopology ?? given.model_config
  if (inner !== undefined) return asTopology(inner)
  const { class_name: className } = given
  // Old Keras writes a Sequential's config as the bare list of its layers.
  const config = Array.isArray(given.config) ? { name: 'sequential', layers: given.config as unknown[] } : given.config
  if (typeof className !== 'string' || !isJsonObject(config) || !Array.isArray(config.layers))
    throw new PanalError('invalid-task', 'the topology needs class_name and config.layers')
  return wrap(className, config as Topology['config'])
}

/**
 * The tfjs LayersModel topology of a task's model, built-in names resolved; JSON-safe, and the same on every machine.
 * Says nothing about whether a topology of one's own fits the task: `checkModel` does.
 * @throws PanalError 'invalid-task' when it is no topology at all.
 */
export const modelTopology = (spec: ModelSpec, data: DataSchema, loss: Loss): Topology =>
  'builtin' in spec ? mlp(spec.hidden, data, loss) : asTopology(spec.topology)

/** The output layer's place in `config.layers`; -1 where there is not exactly one. */
export function outputLayerIndex({ class_name: className, config }: Topology): number {
  if (className === 'Sequential') return config.layers.length - 1
  const { output_layers: outputs } = config
  if (!Array.isArray(outputs)) return -1
  // [[name, node, tensor]], or [name, node, tensor] from newer Keras.
  const only: unknown = Array.isArray(outputs[0]) ? (outputs.length === 1 ? outputs[0][0] : undefined) : outputs[0]
  return config.layers.findIndex((layer) => isJsonObject(layer) && layerName(layer) === only)
}

export const layerName = (layer: JsonObject): unknown =>
  layer.name ?? (isJsonObject(layer.config) ? layer.config.name : undefined)

/** What the output layer's activation is, if the loss can be computed from the numbers before it. */
export function outputActivation(layer: unknown): string | undefined {
  if (!isJsonObject(layer) || !isJsonObject(layer.config)) return undefined
  const { axis, activation } = layer.config
  // The output is [n, classes]: its last axis is also its first after n.
  if (layer.class_name === 'Softmax') return [undefined, -1, 1].includes(axis as number) ? 'softmax' : undefined
  return typeof activation === 'string' ? activation : undefined
}

/** A copy whose initialisers are all zeros: whoever opens a model writes its params at once, so why draw them. */
export const withoutInitialisers = (topology: Topology): Topology =>
  JSON.parse(JSON.stringify(topology), (key, value: unknown) =>
    key.endsWith('_initializer') && value !== null ? zeros : value,
  ) as Topology

/**
 * A copy that answers logits: softmax or sigmoid are left to the loss, which is exact where a probability would have
 * been rounded to 0 or 1. @throws PanalError 'invalid-task' when there is no single output layer.
 */
export function logitsTopology(topology: Topology): Topology {
  const copy = JSON.parse(JSON.stringify(topology)) as Topology
  const layer = copy.config.layers[outputLayerIndex(copy)]
  if (!isJsonObject(layer) || !isJsonObject(layer.config))
    throw new PanalError('invalid-task', 'the topology has no single output layer')
  if (layer.class_name === 'Softmax') {
    layer.class_name = 'Activation'
    delete layer.config.axis
  }
  layer.config.activation = 'linear'
  return copy
}
