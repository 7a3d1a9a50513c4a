import { policy } from '../../policy.ts'
import type { Mix } from '../../vector/engine.ts'
import { attackers } from '../attackers.ts'
import type { PreAggregator } from '../whole-batch.ts'

/**
 * Nearest-neighbour mixing: each update becomes the plain mean of its n − f nearest, itself included; of equally near ones
 * the first count. Time O(n² · size). Source: Allouah et al. 2023, arXiv:2302.01772
 */
export const nnm = policy({
  options: { f: attackers },
  make: ({ f }): PreAggregator => ({
    name: 'nnm',
    minUpdates: (next) => Math.max(next, 2 * f + 1),
    apply: async (batch) => batch.mixed(nearestNeighbours(await batch.squaredDistances(), batch.numRows, f)),
  }),
})

export function nearestNeighbours(squared: Float64Array, numRows: number, f: number): Mix {
  const numNearest = numRows - f
  const weights = new Float64Array(numRows * numRows)
  for (let i = 0; i < numRows; i++) {
    const own = squared.subarray(i * numRows, (i + 1) * numRows)
    // Itself first, whatever copies of it there are.
    const far = (j: number): number => (j === i ? -1 : own[j]!)
    const nearest = [...own.keys()].sort((a, b) => far(a) - far(b) || a - b).slice(0, numNearest)
    for (const j of nearest) weights[i * numRows + j] = 1 / numNearest
  }
  return { numRows, weights }
}
