import { Type } from 'typebox'
import { policy } from '@panal/server'
import type { Bandwidth } from '../profile.ts'

const bytesPerMbit = 1e6 / 8

/** Both directions of a device lie the same factor e^(sigma·Z) off their medians: who is far from the mast is slow both ways. */
export const lognormal = policy({
  options: {
    downMbps: Type.Number({ exclusiveMinimum: 0, description: 'median' }),
    upMbps: Type.Number({ exclusiveMinimum: 0, description: 'median' }),
    sigma: Type.Number({ exclusiveMinimum: 0, maximum: 5 }),
  },
  make: ({ downMbps, upMbps, sigma }): Bandwidth => ({
    name: 'lognormal',
    bytesPerSecond(rng) {
      const factor = bytesPerMbit * Math.exp(sigma * rng.normal())
      return { down: downMbps * factor, up: upMbps * factor }
    },
  }),
})
