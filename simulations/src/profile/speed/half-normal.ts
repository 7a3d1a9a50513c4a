import { Type } from 'typebox'
import { policy } from '@panal/server'
import type { Speed } from '../profile.ts'

/**
 * The time an example takes is 1 / `fastest` · (1 + `spread` · |Z|) with Z standard normal: most devices are nearly as fast
 * as can be, and none is faster. FedBuff's own experiments draw training times half-normally: Nguyen et al. 2022,
 * arXiv:2106.06639.
 */
export const halfNormal = policy({
  options: {
    fastest: Type.Number({ exclusiveMinimum: 0, description: 'examples a second' }),
    spread: Type.Number({ exclusiveMinimum: 0, maximum: 1000 }),
  },
  make: ({ fastest, spread }): Speed => ({
    name: 'half-normal',
    examplesPerSecond: (rng) => fastest / (1 + spread * Math.abs(rng.normal())),
  }),
})
