/** @jest-environment <rootDir>/test/native-environment.mjs */
import { beforeAll, expect, it } from '@jest/globals'
import { initialParams, makeRng, systemClock, tfjsTrainer } from '@panal/client-core'
import { openTrainer, type EngineName } from '../../../../simulations/src/engine/open-trainer.ts'
import { dataset, dense, flatten, onImages, plan, useTfjs, type Layer } from './as-tfjs.ts'

beforeAll(useTfjs)

const clock = systemClock({ setTimeout, clearTimeout })
const loss = 'categorical-crossentropy'

async function opened(layers: readonly Layer[], engine: EngineName) {
  const { topology, schema, shape } = onImages([3, 3, 1], layers)
  const lines: string[] = []
  const trainer = await openTrainer(
    { topology, data: schema, loss },
    { engine, clock, tell: (line) => lines.push(line) },
  )
  const data = dataset(schema, shape, 20)
  const base = await initialParams(topology, 1)
  const train = async (by: typeof trainer) =>
    (await by.train(base, plan, data, makeRng(1), new AbortController().signal)).delta
  const found = await train(trainer)
  const ofTfjs = await train(await tfjsTrainer(topology, schema, loss))
  trainer.dispose()
  return { lines, isTfjs: found.every((value, i) => value === ofTfjs[i]) }
}

it('trains as native code, and has nothing to tell', async () => {
  const { lines, isTfjs } = await opened([flatten, dense(5, 'tanh')], 'native')
  expect(lines).toEqual([])
  // Not by the same bytes: its exponentials and sums round otherwise.
  expect(isTfjs).toBe(false)
})

const penalty = { class_name: 'L1L2', config: { l1: 0, l2: 0.1 } }

it('trains by tfjs what cannot be compiled, and tells in one line why', async () => {
  const { lines, isTfjs } = await opened([flatten, dense(5, 'tanh', { kernel_regularizer: penalty })], 'native')
  expect(lines).toEqual(['trained by tfjs, for the model cannot be compiled: layer dense1 has a kernelRegularizer'])
  expect(isTfjs).toBe(true)
})

it('trains by tfjs where that is asked for', async () => {
  const { lines, isTfjs } = await opened([flatten, dense(5, 'tanh')], 'tfjs')
  expect(lines).toEqual([])
  expect(isTfjs).toBe(true)
})
