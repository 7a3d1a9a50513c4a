import { describe, expect, it } from '@jest/globals'
import { makePolicy } from '@panal/server'
import { makeRng } from '@panal/client-core'
import type { Partitioner } from '../../../../simulations/src/partition/partitioner.ts'
import { partitioners } from '../../../../simulations/src/partition/registry.ts'
import { dealWithRoot } from '../../../../simulations/src/partition/root-set.ts'

const numExamples = 50
const labels = { y: Int32Array.from({ length: numExamples }, (_, i) => i % 5) }
const deal = (numRoot: number, spec: { name: string; [option: string]: unknown }, seed = 1) =>
  dealWithRoot(
    labels,
    { numRoot, numDevices: 4, partitioner: makePolicy<Partitioner>(partitioners, spec) },
    { root: makeRng(seed).fork('root'), partition: makeRng(seed).fork('partition') },
  )
const dealtOf = ({ partition }: ReturnType<typeof deal>) =>
  Array.from({ length: partition.numDevices }, (_, device) => [...partition.indicesOf(device)])

describe('a root set', () => {
  it('is drawn by the seed, and no device has any of it', () => {
    const found = deal(10, { name: 'iid' })
    expect(found.root).toHaveLength(10)
    const devices = dealtOf(found).flat()
    // each example exactly once, at the server or at a device
    expect([...found.root, ...devices].sort((a, b) => a - b)).toEqual([...Array(numExamples).keys()])
    expect(deal(10, { name: 'iid' })).toMatchObject({ root: found.root })
    expect(dealtOf(deal(10, { name: 'iid' }))).toEqual(dealtOf(found))
    expect(deal(10, { name: 'iid' }, 2).root).not.toEqual(found.root)
  })

  it('leaves partitioners their labels', () => {
    // 40 examples by label, in 4 shards: a device has two labels, three where a cut falls between them
    for (const rows of dealtOf(deal(10, { name: 'shards', shardsPerDevice: 1 })))
      expect(new Set(rows.map((row) => labels.y[row])).size).toBeLessThanOrEqual(3)
  })

  it('without one all is dealt as it was', () => {
    const { root, partition } = deal(0, { name: 'iid' })
    expect(root).toHaveLength(0)
    const plain = makePolicy<Partitioner>(partitioners, { name: 'iid' }).partition(
      labels,
      4,
      makeRng(1).fork('partition'),
    )
    expect(dealtOf({ root, partition })).toEqual(dealtOf({ root, partition: plain }))
  })

  it('may not take all examples', () => {
    expect(() => deal(numExamples, { name: 'iid' })).toThrow(expect.objectContaining({ code: 'too-few-examples' }))
  })
})
