import { createRequire } from 'node:module'
import { dirname, sep } from 'node:path'
import { ready, setBackend } from '@tensorflow/tfjs-core'
import {
  imageShape,
  initialParams,
  makeRng,
  modelTopology,
  scalePixels,
  tfjsTrainer,
  type Params,
  type Plan,
} from '@panal/client-core'
import { digitsSchema } from '@panal/simulations'
import type { LabelledImages } from '../../../simulations/src/data/mnist.ts'

const layer = (kind: string, name: string, config: object) => ({ class_name: kind, config: { name, ...config } })
const dense = (name: string, units: number, activation: string) => layer('Dense', name, { units, activation })
/** Convolutions stay as they were drawn: the backend has no gradient of them, and random ones do for digits. */
const conv = (name: string, config: object) =>
  layer('Conv2D', name, { kernel_size: [5, 5], activation: 'relu', trainable: false, ...config })

/** LeNet-5 (LeCun et al. 1998) on the bare 28 × 28 pixels, with rectifiers and maxima: 44,426 params. */
export const lenet5 = {
  class_name: 'Sequential',
  config: {
    name: 'lenet5',
    layers: [
      conv('conv1', { filters: 6, batch_input_shape: [null, ...imageShape(digitsSchema)] }),
      layer('MaxPooling2D', 'pool1', { pool_size: [2, 2] }),
      conv('conv2', { filters: 16 }),
      layer('MaxPooling2D', 'pool2', { pool_size: [2, 2] }),
      layer('Flatten', 'flatten', {}),
      dense('dense1', 120, 'relu'),
      dense('dense2', 84, 'relu'),
      dense('output', 10, 'softmax'),
    ],
  },
}

const plan: Plan = {
  epochs: 1,
  batchSize: 32,
  learningRate: 0.05,
  optimizer: { name: 'sgd', momentum: 0.9 },
  codec: 'f32',
}

/** `numVersions` versions of it, each an epoch further than the one before. */
export async function trainVersions(
  numVersions: number,
  { pixels, labels, numExamples }: LabelledImages,
): Promise<Params[]> {
  // only here: to other benchmarks a backend that is there and not ready would be the one that tfjs takes
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm')
  const wasmFiles = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))
  setWasmPaths(`${wasmFiles}${sep}`)
  await setBackend('wasm')
  await ready()
  const loss = 'categorical-crossentropy'
  const topology = modelTopology({ topology: lenet5 }, digitsSchema, loss)
  const trainer = await tfjsTrainer(topology, digitsSchema, loss)
  const x = scalePixels(pixels, digitsSchema)
  const data = { numExamples, inputShape: imageShape(digitsSchema), x, y: Int32Array.from(labels) }
  const versions: Params[] = []
  let params = await initialParams(topology, 1)
  for (let epoch = 0; epoch < numVersions; epoch++) {
    const { delta } = await trainer.train(params, plan, data, makeRng(epoch), new AbortController().signal)
    params = params.map((value, i) => value + delta[i]!)
    versions.push(params)
  }
  return versions
}
