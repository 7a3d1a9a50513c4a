import { tensor, tidy, type Tensor } from '@tensorflow/tfjs-core'
import { models, type LayersModel } from '@tensorflow/tfjs-layers'
import { Value } from 'typebox/value'
import { Calibrator } from '../model/calibrator.ts'
import { makeLayout, tensorViews, type Layout, type Params } from '../model/layout.ts'
import { asTopology, withoutInitialisers } from './topology.ts'

/**
 * A tfjs model of this topology, all weights zero until `writeParams`. Holds tensors: the caller disposes it.
 * @throws PanalError 'invalid-task' when it is no topology; tfjs's own errors when a layer cannot be built.
 */
export const openModel = (topology: unknown): Promise<LayersModel> =>
  models.modelFromJSON(
    withoutInitialisers(asTopology(topology)) as unknown as Parameters<typeof models.modelFromJSON>[0],
  )

/** All weights, trainable or not, in `model.weights` order, named as model.json names them. */
export const layoutOf = (model: LayersModel): Layout =>
  makeLayout(
    model.weights.map(({ originalName, shape }) => ({ name: originalName, shape: shape.map((length) => length ?? 0) })),
  )

/** @throws RangeError when there are not as many params as the model has. */
export function writeParams(model: LayersModel, params: Params): void {
  const views = tensorViews(params, layoutOf(model))
  tidy(() => {
    model.weights.forEach((weight, index) => {
      weight.write(tensor(views[index]!, weight.shape as number[], 'float32'))
    })
  })
}

/** The model's weights as one vector of their own. */
export async function readParams(model: LayersModel): Promise<Params> {
  const layout = layoutOf(model)
  const params = new Float32Array(layout.size)
  const views = tensorViews(params, layout)
  // One after the other: a GPU would hold a staging buffer for each read in flight.
  for (const [index, weight] of model.weights.entries()) views[index]!.set(await weight.read().data<'float32'>())
  return params
}

/** The model on one batch [n, …]. Call inside `tidy`. */
export const applyModel = (model: LayersModel, batch: Tensor, training: boolean): Tensor =>
  model.apply(batch, { training }) as Tensor

/**
 * The model.json that `tf.loadLayersModel` reads; `weightsPath` (relative to it) is one file of raw little-endian
 * float32 in layout order, which is what codec f32 writes. `calibrator`: what whoever loads it has yet to apply.
 */
export const tfjsModelJson = (topology: unknown, layout: Layout, weightsPath: string, calibrator?: Calibrator) => ({
  format: 'layers-model',
  generatedBy: 'Panal',
  convertedBy: null,
  modelTopology: topology,
  ...(calibrator !== undefined && { userDefinedMetadata: { [calibratorKey]: calibrator } }),
  weightsManifest: [
    { paths: [weightsPath], weights: layout.tensors.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })) },
  ],
})

const calibratorKey = 'panalCalibrator'

/** What is yet to be applied to the answers of a loaded model. @throws Error where it is none that this version knows */
export function calibratorOf(model: LayersModel): Calibrator {
  const found: unknown = (model.getUserDefinedMetadata() as Record<string, unknown> | undefined)?.[calibratorKey]
  if (found === undefined) return { method: 'identity' }
  if (!Value.Check(Calibrator, found)) throw new Error('the model has a calibrator that this version does not know')
  return found
}
