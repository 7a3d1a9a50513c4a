import { shuffle, type Rng } from '@panal/client-core'
import { allIndices } from './dealt.ts'
import type { Labelled, Partition, Partitioner } from './partitioner.ts'
import { PartitionError } from './partition-error.ts'

/** Examples that the server has, and those of the devices: indices into the same set, none in both. */
export interface WithRoot {
  readonly root: Uint32Array
  readonly partition: Partition
}

/**
 * Draws so many examples for the server, and deals the others. The same labels, counts and rngs give the same; without a
 * root set it is what the partitioner gives. @throws PartitionError
 */
export function dealWithRoot(
  examples: Labelled,
  { numRoot, numDevices, partitioner }: { numRoot: number; numDevices: number; partitioner: Partitioner },
  rngs: { readonly root: Rng; readonly partition: Rng },
): WithRoot {
  const numExamples = examples.y.length
  if (numRoot >= numExamples)
    throw new PartitionError('too-few-examples', `${numRoot} of ${numExamples} examples for the server leave none`)
  if (numRoot === 0)
    return { root: new Uint32Array(), partition: partitioner.partition(examples, numDevices, rngs.partition) }
  const order = shuffle(allIndices(numExamples), rngs.root)
  // in the order of the data: partitioners may go by it
  const rest = order.subarray(numRoot).sort()
  const inner = partitioner.partition(labelsOf(examples, rest), numDevices, rngs.partition)
  return {
    root: order.slice(0, numRoot).sort(),
    partition: { ...inner, indicesOf: (device) => inner.indicesOf(device).map((index) => rest[index]!) },
  }
}

function labelsOf({ y, columns }: Labelled, rows: Uint32Array): Labelled {
  const of = <T>(values: ArrayLike<T>): T[] => Array.from(rows, (row) => values[row]!)
  return {
    y: Int32Array.from(of(y)),
    ...(columns && {
      columns: Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, of(values)])),
    }),
  }
}
