import { Type } from 'typebox'
import { policy } from '@panal/server'
import type { Speed } from '../profile.ts'

/**
 * ln(speed) is normal with standard deviation `sigma` around the median: with 1, a device in twenty takes more than five
 * times as long as the median one (e^1.64). Close to what fleets of phones show: Bonawitz et al. 2019, arXiv:1902.01046.
 */
export const lognormal = policy({
  options: {
    median: Type.Number({ exclusiveMinimum: 0, description: 'examples a second' }),
    sigma: Type.Number({ exclusiveMinimum: 0, maximum: 5 }),
  },
  make: ({ median, sigma }): Speed => ({
    name: 'lognormal',
    examplesPerSecond: (rng) => median * Math.exp(sigma * rng.normal()),
  }),
})
