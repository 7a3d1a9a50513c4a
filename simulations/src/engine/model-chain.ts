import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers'
import { Uncompilable, type CompiledLayer, type LayerSpec } from './layers/layer.ts'
import { reluAfterPooling } from './layers/relu-after-pooling.ts'
import { layerCompilers } from './layers/registry.ts'

/** A weight of the model, in the order of its params. */
export interface ChainWeight {
  /** Its layer's place in the chain. */
  readonly layer: number
  readonly shortName: string
  /** As tfjs has it. */
  readonly shape: readonly number[]
  /** `trained` by the optimizer; it `follows` the batches; or it is `fixed`. */
  readonly role: 'trained' | 'follows' | 'fixed'
}

/** A model that is one layer after the other, compiled. */
export interface Chain {
  /** Of one example. */
  readonly inputShape: readonly number[]
  readonly layers: readonly CompiledLayer[]
  readonly weights: readonly ChainWeight[]
  /** Numbers that the last layer gives. */
  readonly numOutputs: number
}

/**
 * Compiles a model layer by layer: a Sequential, or any that has no branches. Law: its weights are in the order of
 * `model.weights`, which is that of params.
 * @param block how many channels lie together in a blocked image; 0: no image is blocked. @throws Uncompilable with the first layer that cannot be
 */
export function compileChain(model: LayersModel, block: number): Chain {
  const layers = model.layers.filter((layer) => layer.getClassName() !== 'InputLayer')
  layers.forEach(({ name, inboundNodes }, place) => {
    const [inbound] = inboundNodes
    const [before, ...others] = inbound?.inboundLayers ?? []
    const isNext = place === 0 || before === undefined || before === layers[place - 1]
    if (inboundNodes.length !== 1 || others.length > 0 || !isNext)
      throw new Uncompilable(`layer ${name} is not simply the next one`)
  })
  const specs = layers.map((layer): LayerSpec => ({
    name: layer.name,
    className: layer.getClassName(),
    config: layer.getConfig(),
    inputShape: shapeOf(layer.name, layer.input),
    outputShape: shapeOf(layer.name, layer.output),
    block,
    weightShapes: Object.fromEntries(
      layer.weights.map(({ originalName, shape }) => [shortNameOf(originalName), shape as number[]]),
    ),
  }))
  const compiled = reluAfterPooling(specs).map(compile)
  const found = new Map(
    layers.flatMap((layer, place) =>
      layer.weights.map(({ originalName, shape, trainable }): [string, ChainWeight] => {
        const shortName = shortNameOf(originalName)
        const follows = compiled[place]!.follows?.includes(shortName) ?? false
        const role = follows ? 'follows' : layer.trainable && trainable ? 'trained' : 'fixed'
        return [originalName, { layer: place, shortName, shape: shape as number[], role }]
      }),
    ),
  )
  const weights = model.weights.map(({ originalName }) => {
    const weight = found.get(originalName)
    if (weight === undefined) throw new Uncompilable(`weight ${originalName} is of no layer`)
    return weight
  })
  const outputShape = specs.at(-1)!.outputShape
  if (outputShape.length !== 1) throw new Uncompilable('it answers more than one row of numbers')
  return { inputShape: specs[0]!.inputShape, layers: compiled, weights, numOutputs: outputShape[0]! }
}

function compile(spec: LayerSpec): CompiledLayer {
  const compiler = layerCompilers[spec.className]
  if (compiler === undefined) throw new Uncompilable(`layer ${spec.name}: ${spec.className} is not compiled`)
  for (const [key, value] of Object.entries(spec.config))
    if (/(?:regularizer|constraint)$/i.test(key) && value !== null && value !== undefined)
      throw new Uncompilable(`layer ${spec.name} has a ${key}`)
  try {
    return compiler(spec)
  } catch (error) {
    if (error instanceof Uncompilable) throw new Uncompilable(`layer ${spec.name}: ${error.message}`)
    throw error
  }
}

const shortNameOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1)

/** Without the batch's axis. */
function shapeOf(name: string, value: SymbolicTensor | SymbolicTensor[]): number[] {
  if (Array.isArray(value)) throw new Uncompilable(`layer ${name} has several inputs or outputs`)
  const [, ...dims] = value.shape
  return dims.map((dim) => {
    if (dim === null) throw new Uncompilable(`layer ${name} has no fixed shape`)
    return dim
  })
}
