import { describe, expect, it } from '@jest/globals'
import { shareShards } from '../../../../simulations/src/fleet/shards.ts'

describe('shareShards', () => {
  const training = {
    numExamples: 3,
    inputShape: [2],
    x: Float32Array.of(0, 1, 10, 11, 20, 21),
    y: Int32Array.of(0, 1, 2),
    columns: { name: ['a', 'b', 'c'] },
  }
  const shards = shareShards(training, [Int32Array.of(2, 0), Int32Array.of(1)])

  it('gives each shard its examples, in order', () => {
    expect(shards.map(({ numExamples, x, y }) => [numExamples, [...x], [...y]])).toEqual([
      [2, [20, 21, 0, 1], [2, 0]],
      [1, [10, 11], [1]],
    ])
  })

  it('keeps them in one block of shared memory', () => {
    expect(shards[0]!.x.buffer).toBeInstanceOf(SharedArrayBuffer)
    expect(shards[1]!.x.buffer).toBe(shards[0]!.x.buffer)
  })
})
