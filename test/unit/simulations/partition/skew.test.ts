import { describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import { partitioners } from '@panal/simulations'

const numClasses = 10
const labels = Int32Array.from({ length: 5000 }, (_, index) => index % numClasses)

/** Mean over the shards of the share that each shard's largest class has. */
function dominance(shards: readonly Int32Array[]): number {
  const shares = shards.map((shard) => {
    const counts = new Array<number>(numClasses).fill(0)
    for (const index of shard) counts[labels[index]!]!++
    return Math.max(...counts) / shard.length
  })
  return shares.reduce((sum, share) => sum + share, 0) / shares.length
}

describe('partition', () => {
  it('iid shards differ in size by at most one', () => {
    const sizes = partitioners
      .iid()
      .partition(labels, 7, makeRng(1))
      .map((shard) => shard.length)
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
  })

  it('a small alpha skews labels, a large one does not', () => {
    const skewed = dominance(partitioners.dirichlet({ alpha: 0.1 }).partition(labels, 20, makeRng(1)))
    const even = dominance(partitioners.dirichlet({ alpha: 1000 }).partition(labels, 20, makeRng(1)))
    // Uniform classes give a tenth; 20 shards of 250 add about two standard deviations (0.019 each) of sampling noise.
    expect(even).toBeLessThan(0.2)
    expect(skewed).toBeGreaterThan(0.4)
  })

  it.each([0, -1, NaN])('dirichlet refuses alpha %p', (alpha) => {
    expect(() => partitioners.dirichlet({ alpha })).toThrow('alpha')
  })
})
