import { policy } from '../policy.ts'
import { attackers } from './attackers.ts'
import { krumScores, lowest } from './krum-scores.ts'
import { onWholeBatch } from './whole-batch.ts'

/**
 * Picks θ = n − 2f updates, each time the one that Krum takes of those that remain, and then takes per coordinate the mean of
 * the θ − 2f values of them nearest their median. Ignores weights. Time O(n² · size + n³ log n).
 * Source: El Mhamdi et al. 2018, arXiv:1802.07927
 */
export const bulyan = policy({
  options: { f: attackers },
  make: ({ f }) =>
    onWholeBatch({
      name: 'bulyan',
      minUpdates: 4 * f + 3,
      async apply(batch) {
        const numPicked = batch.numRows - 2 * f
        const picked = bulyanPicks(await batch.squaredDistances(), { numRows: batch.numRows, f })
        return batch.picked(picked).select({ by: 'nearest-median', count: numPicked - 2 * f })
      },
    }),
})

/** θ rows, in the order of their numbers. */
export function bulyanPicks(squared: Float64Array, { numRows, f }: { numRows: number; f: number }): number[] {
  let remaining = [...Array(numRows).keys()]
  const picked: number[] = []
  while (picked.length < numRows - 2 * f) {
    const [best] = lowest(krumScores(squared, { numRows, f, among: remaining }), 1)
    const row = remaining[best!]!
    picked.push(row)
    remaining = remaining.filter((each) => each !== row)
  }
  return picked.sort((a, b) => a - b)
}
