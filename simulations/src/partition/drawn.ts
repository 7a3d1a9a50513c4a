import { uniformInt, type Rng } from '@panal/client-core'
import { PartitionError, type PartitionErrorCode } from './partition-error.ts'
import { assertCount, type Partition } from './partitioner.ts'

/**
 * A partition in which each device draws its own examples, from a stream of chance of its own: nothing is kept, so that a
 * population may be as large as one likes.
 */
export function drawn(
  { numDevices, perDevice }: { readonly numDevices: number; readonly perDevice: number },
  rng: Rng,
  draw: (rng: Rng) => Uint32Array,
): Partition {
  assertCount('the number of devices', numDevices)
  return {
    numDevices,
    sizeOf: () => perDevice,
    indicesOf: (device) => draw(rng.fork(`device/${device}`)),
  }
}

/** @throws PartitionError unless `perDevice` is a count of at most `available` */
export function assertDrawable(perDevice: number, available: number, code: PartitionErrorCode, of: string): void {
  assertCount('perDevice', perDevice)
  if (perDevice > available)
    throw new PartitionError(
      code,
      `perDevice asks for ${perDevice} examples ${of}, of which there are ${available}. Lower it`,
    )
}

/** `count` different ones of `from`, each set equally likely. Time and memory O(count). Source: Floyd, in Bentley 1987. */
export function sampleOf(from: Uint32Array, count: number, rng: Rng): Uint32Array {
  const chosen = new Set<number>()
  for (let last = from.length - count; last < from.length; last++) {
    const at = uniformInt(rng, last + 1)
    chosen.add(chosen.has(at) ? last : at)
  }
  return Uint32Array.from(chosen, (at) => from[at]!)
}
