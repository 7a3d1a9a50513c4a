import { Type } from 'typebox'
import { attackPolicy, times } from './attack.ts'

/**
 * Each sends factor times what it honestly trained: the right way, much too far. One of them is then as good as the whole
 * cohort to a mean. Source: the first half of Bagdasaryan et al. 2020, arXiv:1807.00459, without other data
 */
export const scaling = attackPolicy({
  options: { factor: Type.Optional(Type.Number({ exclusiveMinimum: 0, default: 100 })) },
  make: ({ factor = 100 }) => ({
    name: 'scaling',
    forge: ({ own }) => own.map((update) => times(factor, update)),
  }),
})
