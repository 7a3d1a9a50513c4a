import { policy } from '../policy.ts'
import { distancesFrom } from './affine.ts'
import { positive } from './linear.ts'
import { onWholeBatch } from './whole-batch.ts'

/** Nearer to the point than this, an update's pull grows no more. ν of the paper. */
const smoothing = 1e-6
const maxSteps = 1000
const leastMove = 1e-10

/**
 * RFA: the point with the least weighted sum of distances to the updates, by smoothed Weiszfeld steps from their mean until
 * it moves by less than 1e-10, at most 1,000. Each step is algebra on the distances between the updates: the params are
 * read twice, whatever the number of steps. Source: Pillutla et al. 2019, arXiv:1912.13445
 */
export const geometricMedian = policy({
  options: {},
  make: () =>
    onWholeBatch({
      name: 'geometric-median',
      minUpdates: 1,
      async apply(batch) {
        positive('geometric-median', sum(batch.weights))
        return batch.combine(weiszfeld(await batch.squaredDistances(), batch.weights))
      },
    }),
})

/** What each row counts for in the median: they add up to 1. */
export function weiszfeld(squared: Float64Array, weights: Float64Array): Float64Array {
  let point = normalized(weights)
  for (let step = 0; step < maxSteps; step++) {
    const distances = distancesFrom(squared, point)
    const next = normalized(weights.map((weight, i) => weight / Math.max(smoothing, distances[i]!)))
    // As the changes add up to 0, the point moves by Σ change · (xᵢ − point): by no more than this.
    const move = next.reduce((most, each, i) => most + Math.abs(each - point[i]!) * distances[i]!, 0)
    point = next
    if (move <= leastMove) break
  }
  return point
}

const sum = (values: Float64Array): number => values.reduce((total, each) => total + each, 0)

function normalized(values: Float64Array): Float64Array {
  const total = sum(values)
  return values.map((each) => each / total)
}
