import { Type } from 'typebox'
import { shuffle } from '@panal/client-core'
import { groupByLabel } from './by-label.ts'
import { allIndices, dealtBy, dealt } from './dealt.ts'
import { PartitionError } from './partition-error.ts'
import { assertCount, assertEnough, partitionPolicy, type Partitioner } from './partitioner.ts'

/**
 * The examples, sorted by label, are cut into numDevices · `shardsPerDevice` pieces of equal size (to one example); each
 * device gets so many at random. With 2, most devices have examples of two labels only.
 * Source: McMahan et al. 2017, arXiv:1602.05629, section 3 ("pathological non-IID": 200 shards of 300, 2 for each of 100).
 */
export const shards = partitionPolicy({
  options: { shardsPerDevice: Type.Integer({ minimum: 1 }) },
  make: ({ shardsPerDevice }): Partitioner => ({
    name: 'shards',
    partition({ y }, numDevices, rng) {
      assertCount('shardsPerDevice', shardsPerDevice)
      assertEnough(y.length, numDevices)
      const numShards = numDevices * shardsPerDevice
      if (y.length < numShards)
        throw new PartitionError(
          'too-few-examples',
          `${y.length} examples cannot be cut into ${numShards} shards. Ask for fewer devices, or fewer shards for each`,
        )
      const ownerOf = shuffle(
        allIndices(numShards).map((shard) => Math.floor(shard / shardsPerDevice)),
        rng,
      )
      const { sorted } = groupByLabel(y)
      const owners = sorted.map((_, at) => ownerOf[Math.floor((at * numShards) / y.length)]!)
      const { indices, starts } = dealtBy(owners, sorted, numDevices)
      return dealt(indices, starts)
    },
  }),
})
