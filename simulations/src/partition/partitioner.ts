import type { Rng } from '@panal/client-core'

/** How examples are dealt to devices. */
export interface Partitioner {
  readonly name: string
  /**
   * `numShards` lists of example indices: every index of `labels` in exactly one list, and no list empty.
   * The same labels, count and seed give the same shards.
   * @throws RangeError when there are fewer examples than shards
   */
  partition(labels: Int32Array, numShards: number, rng: Rng): Int32Array[]
}

/** @throws RangeError unless each of `numShards` shards can have an example. */
export function assertEnough(numExamples: number, numShards: number): void {
  if (!Number.isInteger(numShards) || numShards < 1)
    throw new RangeError(`partition: ${numShards} shards; there must be 1 or more`)
  if (numExamples < numShards)
    throw new RangeError(`partition: ${numExamples} examples are too few for ${numShards} shards`)
}
