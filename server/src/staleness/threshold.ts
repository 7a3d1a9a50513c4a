import { Type } from 'typebox'
import { policy } from '../policy.ts'
import type { StalenessWeight } from '../strategy/strategy.ts'

/** 1 up to a staleness of `until`, the same small share beyond. Never 0: whom `cohort.maxStaleness` lets count counts. */
export const threshold = policy({
  options: {
    until: Type.Integer({ minimum: 0, maximum: 1e6, description: 'the last staleness that counts in full' }),
    beyond: Type.Number({ minimum: 1e-6, maximum: 1, description: 'what every later one counts for' }),
  },
  make: ({ until, beyond }): StalenessWeight => ({
    name: 'threshold',
    of: (staleness) => (staleness <= until ? 1 : beyond),
  }),
})
