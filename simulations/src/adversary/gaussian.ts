import { Type } from 'typebox'
import { attackPolicy } from './attack.ts'

/**
 * Each sends noise from N(0, std²) in each param, whatever it trained.
 * Source: Blanchard et al. 2017, arXiv:1703.02757, section 5, with a std of 200
 */
export const gaussian = attackPolicy({
  options: {
    std: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, default: 1, description: 'standard deviation, params units' }),
    ),
  },
  make: ({ std = 1 }) => ({
    name: 'gaussian',
    forge: ({ own, rng }) => own.map((update) => update.map(() => std * rng.normal())),
  }),
})
