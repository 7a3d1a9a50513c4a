import { Type } from 'typebox'
import { policy } from '../policy.ts'
import type { StalenessWeight } from '../strategy/strategy.ts'

/**
 * 1 up to a staleness of b, 1 / (a·(τ − b) + 1) beyond.
 * Source: Xie et al. 2019, arXiv:1903.03934, section 5.2
 */
export const hinge = policy({
  options: {
    a: Type.Number({ exclusiveMinimum: 0, maximum: 1e6, description: 'how steeply it falls' }),
    b: Type.Integer({ minimum: 0, maximum: 1e6, description: 'the staleness that still counts in full' }),
  },
  make: ({ a, b }): StalenessWeight => ({
    name: 'hinge',
    of: (staleness) => (staleness <= b ? 1 : 1 / (a * (staleness - b) + 1)),
  }),
})
