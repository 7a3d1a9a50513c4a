import { Type } from 'typebox'
import { medianOf } from '../../median-of.ts'
import { policy } from '../../policy.ts'
import { when } from '../../registry/document-errors.ts'
import type { PreAggregator } from '../whole-batch.ts'

/**
 * Each update times min(1, C / ‖x‖). C is fixed, or the median of the norms of the round's own updates and of those that counted
 * in the rounds before it, `window` rounds in all: about half of them then lose length, and an attacker that is no longer than
 * others gains nothing by it. The longer the window, the less who is in one round moves C. Keeps weights.
 */
export const clip = policy({
  options: {
    maxNorm: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, description: 'C; the median of norms where it is not given' }),
    ),
    window: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100,
        default: 1,
        description: 'rounds whose norms C is the median of: this one, and those that its base was made in',
      }),
    ),
  },
  make: ({ maxNorm, window = 1 }): PreAggregator => ({
    name: 'clip',
    minUpdates: (next) => next,
    numEarlierRounds: window - 1,
    async apply(batch, { earlierNorms = [] }) {
      const norms = await batch.norms()
      const most = maxNorm ?? medianOf([...norms, ...earlierNorms])
      return batch.scaled(norms.map((norm) => (norm > most ? most / norm : 1)))
    },
  }),
  misfits: ({ maxNorm, window }) =>
    when(
      maxNorm !== undefined && window !== undefined,
      '/window',
      'is of no use beside maxNorm: leave one of them out',
    ),
})
