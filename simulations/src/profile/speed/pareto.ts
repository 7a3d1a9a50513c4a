import { Type } from 'typebox'
import { policy } from '@panal/server'
import type { Speed } from '../profile.ts'

/**
 * The time an example takes has a Pareto tail: P(slower than the fastest by x) = x^-`shape`. With a shape of 1.5 one device
 * in a thousand takes a hundred times as long; of 1 or less, even the mean time is without bound.
 */
export const pareto = policy({
  options: {
    fastest: Type.Number({ exclusiveMinimum: 0, description: 'examples a second' }),
    shape: Type.Number({ exclusiveMinimum: 0, maximum: 100 }),
  },
  make: ({ fastest, shape }): Speed => ({
    name: 'pareto',
    examplesPerSecond: (rng) => fastest * (1 - rng.uniform()) ** (1 / shape),
  }),
})
