import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { io, tensor, tidy, type Tensor } from '@tensorflow/tfjs-core'
import { loadLayersModel, model as makeModel, type LayersModel } from '@tensorflow/tfjs-layers'
import { tensorSize, type Dataset } from '@panal/client-core'
import { DataFileError, messageOf } from './data-file-error.ts'
import { readDataFile } from './read-data-file.ts'

/** A model whose answers are features for another one. Holds tensors: the caller disposes `model`. */
export interface FrozenModel {
  readonly model: LayersModel
  /** Of model.json and its weights. */
  readonly sha256: string
}

/**
 * A tfjs LayersModel from its model.json and the weights beside it.
 * @param layer whose output the features are; the model's own output without it
 * @throws DataFileError 'missing-file' | 'malformed' | 'unknown-column' (there is no such layer)
 */
export async function openFrozenModel(path: string, layer?: string): Promise<FrozenModel> {
  const { bytes } = await readDataFile(path)
  const digest = createHash('sha256').update(bytes)
  const document = parse(bytes, path)
  const groups = document.weightsManifest
  const parts = await Promise.all(
    groups.flatMap(({ paths }) => paths).map(async (name) => (await readDataFile(join(dirname(path), name))).bytes),
  )
  for (const part of parts) digest.update(part)
  const weightData = Uint8Array.from(Buffer.concat(parts)).buffer
  const weightSpecs = groups.flatMap(({ weights }) => weights)
  const whole = await loadLayersModel(
    io.fromMemory({ modelTopology: document.modelTopology, weightSpecs, weightData }),
  ).catch((cause: unknown) => {
    throw new DataFileError('malformed', path, `tfjs cannot open the model: ${messageOf(cause)}`, { cause })
  })
  const sha256 = digest.digest('hex')
  return { model: layer === undefined ? whole : upTo(whole, layer, path), sha256 }
}

function parse(bytes: Uint8Array, path: string): io.ModelJSON {
  try {
    const document = JSON.parse(new TextDecoder().decode(bytes)) as io.ModelJSON
    if (typeof document.modelTopology !== 'object' || !Array.isArray(document.weightsManifest))
      throw new Error('modelTopology or weightsManifest is missing')
    return document
  } catch (cause) {
    throw new DataFileError(
      'malformed',
      path,
      `it is not the model.json of a tfjs LayersModel: ${messageOf(cause)}. Save it with model.save`,
      { cause },
    )
  }
}

function upTo(whole: LayersModel, layer: string, path: string): LayersModel {
  const found = whole.layers.find(({ name }) => name === layer)
  if (found === undefined)
    throw new DataFileError(
      'unknown-column',
      path,
      `the model has no layer ${layer}. There are: ${whole.layers.map(({ name }) => name).join(', ')}`,
    )
  return makeModel({ inputs: whole.inputs, outputs: found.output })
}

export interface EmbedOptions {
  /** Examples at once; 64. */
  readonly batchSize?: number
  readonly signal?: AbortSignal
  /** Told after each batch how many examples are done. */
  readonly onProgress?: (numDone: number) => void
}

/**
 * Each example as the features that the model makes of it, flattened to one axis: the model runs once over the data instead of in
 * every round. Labels and columns stay. Runs on tfjs's current backend.
 * @throws RangeError when the examples have not the shape of the model's input
 */
export async function embed(
  dataset: Dataset,
  { model }: Pick<FrozenModel, 'model'>,
  { batchSize = 64, signal, onProgress }: EmbedOptions = {},
): Promise<Dataset> {
  const [, ...wanted] = model.inputs[0]!.shape
  if (!(
    wanted.length === dataset.inputShape.length &&
    wanted.every((length, i) => length === null || length === dataset.inputShape[i])
  ))
    throw new RangeError(
      `embed: the model takes [${wanted.join(', ')}], the examples are [${dataset.inputShape.join(', ')}]`,
    )
  const width = tensorSize(dataset.inputShape)
  let features: Float32Array | undefined
  let numFeatures = 0
  for (let from = 0; from < dataset.numExamples; from += batchSize) {
    signal?.throwIfAborted()
    const to = Math.min(from + batchSize, dataset.numExamples)
    const batch = tidy(() =>
      model.predict(tensor(dataset.x.subarray(from * width, to * width), [to - from, ...dataset.inputShape])),
    ) as Tensor
    const values = await batch.data<'float32'>()
    batch.dispose()
    numFeatures = values.length / (to - from)
    features ??= new Float32Array(dataset.numExamples * numFeatures)
    features.set(values, from * numFeatures)
    onProgress?.(to)
  }
  return { ...dataset, inputShape: [numFeatures], x: features ?? new Float32Array(0) }
}
