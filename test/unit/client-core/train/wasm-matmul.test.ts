import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { initialParams, makeRng, modelTopology, tfjsTrainer } from '@panal/client-core'
import { backend, matMul, memory, removeBackend, setBackend, tensor, tidy } from '@tensorflow/tfjs-core'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import '@tensorflow/tfjs-backend-cpu'
import { barImages, never, plan, tinyImages } from './tiny-tasks.ts'

const mlp = modelTopology({ builtin: 'mlp', hidden: [8] }, tinyImages, 'categorical-crossentropy')
const train = async () => {
  const trainer = await tfjsTrainer(mlp, tinyImages, 'categorical-crossentropy')
  return trainer.train(await initialParams(mlp, 1), { ...plan, epochs: 3 }, barImages(30, 1), makeRng(1), never)
}

beforeAll(async () => {
  const main = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')
  setWasmPaths(`${dirname(main)}/`)
  expect(await setBackend('wasm')).toBe(true)
})

afterAll(() => {
  removeBackend('wasm')
})

/** All four ways to multiply, and one with a batch: the numbers, as the backend of the moment has them. */
const products = () =>
  tidy(() => {
    const values = (shape: number[]) =>
      tensor(
        Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => ((i * 7) % 11) - 5),
        shape,
      )
    return [
      matMul(values([3, 5]), values([5, 4])),
      matMul(values([5, 3]), values([5, 4]), true, false),
      matMul(values([3, 5]), values([4, 5]), false, true),
      matMul(values([5, 3]), values([4, 5]), true, true),
      matMul(values([5, 1]), values([1, 5]), true, true),
      matMul(values([2, 5, 3]), values([2, 5, 4]), true, false),
    ].map((product) => ({ shape: product.shape, values: Array.from(product.dataSync<'float32'>()) }))
  })

it('multiplies as before, and leaks nothing', async () => {
  const before = products()
  const ids = backend().numDataIds()
  await train() // the first training on wasm installs the kernel
  expect(products()).toEqual(before)
  expect(backend().numDataIds()).toBe(ids)
  expect(memory().numTensors).toBe(0)
})

it('trains on wasm as on the plain CPU', async () => {
  const onWasm = await train()
  await setBackend('cpu')
  const onCpu = await train()
  onWasm.delta.forEach((value, i) => expect(value).toBeCloseTo(onCpu.delta[i]!, 5))
  expect(onWasm.lossAfter).toBeCloseTo(onCpu.lossAfter, 5)
})
