import type { Partition } from './partitioner.ts'

/**
 * A partition in two arrays: `indices` by device, and where each device's begin.
 * @param starts [numDevices + 1], rising; the last is the length of `indices`
 */
export const dealt = (indices: Uint32Array, starts: Uint32Array): Partition => ({
  numDevices: starts.length - 1,
  sizeOf: (device) => starts[device + 1]! - starts[device]!,
  indicesOf: (device) => indices.subarray(starts[device], starts[device + 1]),
})

/** Where each of `sizes` begins when one lies after the other, and where the last ends. */
export function startsOf(sizes: ArrayLike<number>): Uint32Array {
  const starts = new Uint32Array(sizes.length + 1)
  for (let i = 0; i < sizes.length; i++) starts[i + 1] = starts[i]! + sizes[i]!
  return starts
}

/** Examples put together by their owner, in their order. @param owners [n] the device of each of `examples` */
export function dealtBy(owners: Uint32Array, examples: Uint32Array, numDevices: number) {
  const sizes = new Uint32Array(numDevices)
  for (const owner of owners) sizes[owner]!++
  const starts = startsOf(sizes)
  const next = starts.slice()
  const indices = new Uint32Array(examples.length)
  owners.forEach((owner, i) => {
    indices[next[owner]!++] = examples[i]!
  })
  return { indices, starts, sizes }
}

/** [n] 0, 1, 2, … */
export const allIndices = (n: number): Uint32Array => Uint32Array.from({ length: n }, (_, index) => index)

/**
 * Whole sizes in proportion to `weights` that sum to `total`: everybody has one, the rest is shared out, rounded so that no
 * error adds up. Needs total ≥ weights.length.
 */
export function sizesInProportion(weights: readonly number[], total: number): Uint32Array {
  const rest = total - weights.length
  const sum = weights.reduce((all, weight) => all + weight, 0)
  let cumulative = 0
  let from = 0
  return Uint32Array.from(weights, (weight, i) => {
    cumulative += weight
    const to = i === weights.length - 1 ? rest : Math.min(rest, Math.round((cumulative / sum) * rest))
    const size = 1 + to - from
    from = to
    return size
  })
}

/** What each device has, in order: for fleets whose devices all exist at once. */
export const everyDevice = (partition: Partition): Uint32Array[] =>
  Array.from({ length: partition.numDevices }, (_, device) => partition.indicesOf(device))
