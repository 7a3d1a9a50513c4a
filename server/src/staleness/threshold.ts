import { Type } from 'typebox'
import { policy } from '../policy.ts'
import type { StalenessWeight } from '../strategy/strategy.ts'

/**
 * 1 up to a staleness of `until`, 0 beyond: the update is then left out. It has its receipt and fills the buffer all the same,
 * where `cohort.maxStaleness` stops the device.
 */
export const threshold = policy({
  options: {
    until: Type.Integer({ minimum: 0, maximum: 1e6, description: 'the last staleness that counts, in full' }),
  },
  make: ({ until }): StalenessWeight => ({ name: 'threshold', of: (staleness) => (staleness <= until ? 1 : 0) }),
})
