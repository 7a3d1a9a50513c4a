import { Type } from 'typebox'
import { medianOf } from '../../median-of.ts'
import { policy } from '../../policy.ts'
import type { PreAggregator } from '../whole-batch.ts'

/**
 * Each update times min(1, C / ‖x‖). C is fixed, or the median of the norms of the round's own updates: half of them then
 * lose length, and an attacker that is no longer than others gains nothing by it. Keeps weights.
 */
export const clip = policy({
  options: {
    maxNorm: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, description: 'C; the median norm of the round where it is not given' }),
    ),
  },
  make: ({ maxNorm }): PreAggregator => ({
    name: 'clip',
    minUpdates: (next) => next,
    async apply(batch) {
      const norms = await batch.norms()
      const most = maxNorm ?? medianOf(norms)
      return batch.scaled(norms.map((norm) => (norm > most ? most / norm : 1)))
    },
  }),
})
