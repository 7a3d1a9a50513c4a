import '@tensorflow/tfjs-backend-cpu'
import { afterEach, describe, expect, it } from '@jest/globals'
import { initialParams, layoutDigest, layoutOf, modelTopology, openModel, readParams } from '@panal/client-core'
import { memory } from '@tensorflow/tfjs-core'
import { loadOwn } from '../../../../client-web/src/device/load-own.ts'
import { memoryStorage } from '../../../fixtures/device-bench.ts'
import { taskCard } from '../../../fixtures/wire.ts'
import { plan, points } from '../../client-core/train/tiny-tasks.ts'

const topology = modelTopology({ builtin: 'mlp', hidden: [3] }, points, 'categorical-crossentropy')
const card = taskCard({ topology, plan: { ...plan, personalisation: { name: 'ditto', lambda: 1 } } })
const about = { roundNumber: 3, version: 2, trainedAt: 5, metrics: null }

/** Has a model of the card's shape, as a session leaves it. */
async function storageWithModel() {
  const opened = await openModel(topology)
  const layout = layoutOf(opened)
  opened.dispose()
  const params = await initialParams(topology, 1)
  const storage = memoryStorage()
  const head = Buffer.from(`${JSON.stringify(about)}\n`)
  await storage.write(
    `personal/${card.id}/${layoutDigest(layout)}/plan/device`,
    Buffer.concat([head, new Uint8Array(params.buffer)]),
  )
  return { storage, params }
}

afterEach(() => {
  expect(memory().numTensors).toBe(0)
})

describe('loadOwn', () => {
  it('opens the model that the device keeps', async () => {
    const { storage, params } = await storageWithModel()
    const own = await loadOwn(card, storage)
    expect(own!.about).toEqual(about)
    expect(await readParams(own!.model)).toEqual(params)
    own!.model.dispose()
  })

  it('is none where the device keeps none, or the plan makes none', async () => {
    expect(await loadOwn(card, memoryStorage())).toBeNull()
    const { storage } = await storageWithModel()
    expect(await loadOwn({ ...card, plan }, storage)).toBeNull()
  })

  it.each(['keys', 'read'] as const)(
    'is none where the storage refuses its %s: the shared model answers',
    async (method) => {
      const { storage } = await storageWithModel()
      storage[method] = async () => {
        throw new DOMException('denied', 'SecurityError')
      }
      expect(await loadOwn(card, storage)).toBeNull()
    },
  )
})
