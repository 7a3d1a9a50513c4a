import type { Calibrator } from '../model/calibrator.ts'
import { tensorViews, type Layout, type Params } from '../model/layout.ts'
import {
  asTopology,
  isJsonObject,
  outputActivation,
  outputLayerIndex,
  type JsonObject,
  type Topology,
} from './topology.ts'

/**
 * The params whose plain model answers what the calibrator makes of this model's answers: the last dense layer's logits
 * divided by T, or put through Platt's line. Whoever loads them gets calibrated probabilities and needs to know of nothing.
 * Undefined where weights cannot do it, and the caller must: an isotonic curve; a last layer that is no dense one (or is
 * used elsewhere, too), a Platt line where there is no bias to move, params that would no longer be finite.
 * @throws RangeError when there are not as many params as the layout has; PanalError 'invalid-task' on no topology
 */
export function calibratedParams(
  topology: unknown,
  layout: Layout,
  params: Params,
  calibrator: Calibrator,
): Params | undefined {
  const served = params.slice()
  const tensors = tensorViews(served, layout)
  if (calibrator.method === 'identity') return served
  const output = outputDense(asTopology(topology))
  if (output === undefined || calibrator.method === 'isotonic') return undefined
  const find = (part: 'kernel' | 'bias') =>
    tensors[layout.tensors.findIndex(({ name }) => name === `${output.name}/${part}`)]
  const [kernel, bias] = [find('kernel'), find('bias')]
  if (kernel === undefined) return undefined
  const slope = calibrator.method === 'temperature' ? 1 / calibrator.temperature : -calibrator.a
  for (const tensor of [kernel, ...(bias === undefined ? [] : [bias])])
    for (let i = 0; i < tensor.length; i++) tensor[i]! *= slope
  if (calibrator.method === 'platt' && !shift(bias, -calibrator.b, output.activation)) return undefined
  return served.every(Number.isFinite) ? served : undefined
}

/** Moves the logit of the second class: the only one of a sigmoid, the second of two of a softmax. */
function shift(bias: Float32Array | undefined, by: number, activation: string): boolean {
  if (bias?.length !== (activation === 'sigmoid' ? 1 : 2)) return false
  bias[bias.length - 1]! += by
  return true
}

/** The dense layer that makes the logits: the output layer itself, or the one before a layer that is an activation only. */
function outputDense(topology: Topology): { name: string; activation: string } | undefined {
  const { layers } = topology.config
  const at = outputLayerIndex(topology)
  const activation = outputActivation(layers[at])
  if (activation !== 'softmax' && activation !== 'sigmoid') return undefined
  const output = namedLayer(layers[at])
  if (output?.className === 'Dense') return isUsedOnce(output.layer) ? { name: output.name, activation } : undefined
  const before = topology.class_name === 'Sequential' ? namedLayer(layers[at - 1]) : undefined
  const isActivation = output?.className === 'Softmax' || output?.className === 'Activation'
  if (!isActivation || before?.className !== 'Dense' || !isLinear(before.config)) return undefined
  return { name: before.name, activation }
}

function namedLayer(
  layer: unknown,
): { layer: JsonObject; className: unknown; name: string; config: JsonObject } | undefined {
  if (!isJsonObject(layer) || !isJsonObject(layer.config) || typeof layer.config.name !== 'string') return undefined
  return { layer, className: layer.class_name, name: layer.config.name, config: layer.config }
}

/** A layer of a functional model may be called at several places with the same weights. */
const isUsedOnce = ({ inbound_nodes: nodes }: JsonObject): boolean => !Array.isArray(nodes) || nodes.length <= 1

const isLinear = ({ activation }: JsonObject): boolean => activation === undefined || activation === 'linear'
