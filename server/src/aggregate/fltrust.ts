import { l2Norm } from '@panal/client-core'
import { policy } from '../policy.ts'
import { AggregationError } from '../strategy/strategy.ts'
import { positive } from './linear.ts'
import { onWholeBatch } from './whole-batch.ts'

/** What an engine may make of two updates at right angles: a distance is off by 1e-6 of itself at most. */
const leastCosine = 4e-6

/**
 * FLTrust: Σ TSᵢ·(‖g₀‖ / ‖xᵢ‖)·xᵢ / Σ TSᵢ, with TSᵢ = max(0, cos(xᵢ, g₀)). g₀ is what the server's own root set makes of the
 * round's base: nobody counts for more than their direction agrees with it, and nobody is longer. Stands any number of
 * attackers whose updates lead away from it; is no better than the root set. Ignores weights.
 * Needs Σ TSᵢ > 0. Source: Cao et al. 2021, arXiv:2012.13995
 */
export const fltrust = policy({
  options: {},
  make: () =>
    onWholeBatch({
      name: 'fltrust',
      minUpdates: 1,
      usesRoot: true,
      async apply(batch, { rootDelta }) {
        if (rootDelta === undefined) throw new TypeError('fltrust: there is nobody who trains the root set')
        const root = await rootDelta()
        const length = l2Norm(root)
        if (!Number.isFinite(length))
          throw new AggregationError('out-of-range', 'fltrust: training on the root set has diverged')
        const norms = await batch.norms()
        // as long as g₀ first: between such the cosine is good to the last places, however long they were
        const scaled = batch.scaled(norms.map((norm) => (norm > 0 ? length / norm : 0)))
        const trust = trustScores(await scaled.withRow(root).squaredDistances(), { norms, length })
        const total = trust.reduce((sum, each) => sum + each, 0)
        positive('fltrust', total)
        return scaled.combine(trust, total)
      },
    }),
})

/**
 * max(0, cosine to the last row) of each other row.
 * @param squared [(n + 1) · (n + 1)] between rows that are all as long as the last, `length`
 * @param norms [n] that the rows had; one of 0 has no direction
 */
export function trustScores(
  squared: Float64Array,
  { norms, length }: { readonly norms: Float64Array; readonly length: number },
): Float64Array {
  const root = norms.length
  return norms.map((norm, i) => {
    // ‖x − g‖² = 2‖g‖² − 2‖g‖²·cos
    const cosine = 1 - squared[i * (root + 1) + root]! / (2 * length ** 2)
    return norm > 0 && cosine > leastCosine ? cosine : 0
  })
}
