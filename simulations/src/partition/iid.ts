import { Type } from 'typebox'
import { shuffle } from '@panal/client-core'
import { allIndices, dealt } from './dealt.ts'
import { assertDrawable, drawn, sampleOf } from './drawn.ts'
import { assertEnough, partitionPolicy, type Partitioner } from './partitioner.ts'

/**
 * Every device gets a uniform sample. Dealt, devices differ in size by at most one example; with `perDevice` each draws so
 * many, without regard to what others have.
 */
export const iid = partitionPolicy({
  options: { perDevice: Type.Optional(Type.Integer({ minimum: 1 })) },
  make: ({ perDevice }): Partitioner => ({
    name: 'iid',
    partition({ y }, numDevices, rng) {
      if (perDevice !== undefined) {
        assertDrawable(perDevice, y.length, 'too-few-examples', 'for each device')
        const all = allIndices(y.length)
        return drawn({ numDevices, perDevice }, rng, (own) => sampleOf(all, perDevice, own))
      }
      assertEnough(y.length, numDevices)
      const order = shuffle(allIndices(y.length), rng)
      const cut = (_: unknown, device: number) => Math.floor((device * order.length) / numDevices)
      return dealt(order, Uint32Array.from({ length: numDevices + 1 }, cut))
    },
  }),
})
