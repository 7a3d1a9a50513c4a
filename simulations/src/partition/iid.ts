import { shuffle } from '@panal/client-core'
import { assertEnough, type Partitioner } from './partitioner.ts'

/** Every device gets a uniform sample: shards differ in size by at most one example. */
export const iid = (): Partitioner => ({
  name: 'iid',
  partition(labels, numShards, rng) {
    assertEnough(labels.length, numShards)
    const order = shuffle(
      Int32Array.from(labels, (_, index) => index),
      rng,
    )
    const cut = (shard: number) => Math.floor((shard * order.length) / numShards)
    return Array.from({ length: numShards }, (_, shard) => order.slice(cut(shard), cut(shard + 1)))
  },
})
