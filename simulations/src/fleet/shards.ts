import { tensorSize, type Dataset } from '@panal/client-core'

/**
 * The examples of each shard, in order, as datasets over one block of shared memory: worker threads read it without a
 * copy. Raw columns stay behind, for devices train on numbers. Copies each example once.
 */
export function shareShards(training: Dataset, shards: readonly (Int32Array | Uint32Array)[]): Dataset[] {
  const width = tensorSize(training.inputShape)
  const numExamples = shards.reduce((sum, shard) => sum + shard.length, 0)
  const x = new Float32Array(new SharedArrayBuffer(numExamples * width * Float32Array.BYTES_PER_ELEMENT))
  const y = new Int32Array(new SharedArrayBuffer(numExamples * Int32Array.BYTES_PER_ELEMENT))
  let at = 0
  return shards.map((shard) => {
    const from = at
    for (const index of shard) {
      x.set(training.x.subarray(index * width, (index + 1) * width), at * width)
      y[at] = training.y[index]!
      at += 1
    }
    return {
      numExamples: shard.length,
      inputShape: training.inputShape,
      x: x.subarray(from * width, at * width),
      y: y.subarray(from, at),
    }
  })
}
