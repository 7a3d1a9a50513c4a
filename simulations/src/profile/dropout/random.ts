import { Type } from 'typebox'
import { policy } from '@panal/server'
import type { Dropout } from '../profile.ts'

/** In each round each device is lost with this probability, at a moment that is uniform over its work. */
export const random = policy({
  options: { probability: Type.Number({ minimum: 0, maximum: 1 }) },
  make: ({ probability }): Dropout => ({
    name: 'random',
    lostAfter: (rng) => (rng.uniform() < probability ? rng.uniform() : null),
  }),
})
