import { policy } from '../policy.ts'
import { AggregationError, type Aggregator } from '../strategy/strategy.ts'
import { meanOfSum } from './exact-sum.ts'

/**
 * Weighted mean Σ wᵢ·xᵢ / Σ wᵢ, folded one update at a time in canonical order with float64 accumulators:
 * same updates, same bytes. Time O(n · size), memory 8 · size bytes whatever n is.
 * @throws AggregationError 'too-few' | 'zero-weight' | 'wrong-length'.   Source: McMahan et al. 2017, arXiv:1602.05629
 */
export const mean = policy({
  options: {},
  make: (): Aggregator => ({
    name: 'mean',
    minUpdates: 1,
    async aggregate(updates) {
      if (updates.count < 1) throw new AggregationError('too-few', 'mean: needs 1 update, has 0')
      const sum = new Float64Array(updates.size)
      let totalWeight = 0
      for await (const { delta, weight } of updates) {
        if (delta.length !== sum.length)
          throw new AggregationError(
            'wrong-length',
            `mean: an update has ${delta.length} params, the model ${sum.length}`,
          )
        addWeighted(sum, delta, weight)
        totalWeight += weight
      }
      if (!(totalWeight > 0)) throw new AggregationError('zero-weight', `mean: the total weight is ${totalWeight}`) // NaN too
      return divided(sum, totalWeight)
    },
    ofSum: meanOfSum,
  }),
})

// Own functions, so that each loop is compiled once and stays monomorphic.
function addWeighted(sum: Float64Array, delta: Float32Array, weight: number): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += weight * delta[i]!
}

function divided(sum: Float64Array, by: number): Float32Array {
  const quotient = new Float32Array(sum.length)
  for (let i = 0; i < sum.length; i++) quotient[i] = sum[i]! / by
  return quotient
}
