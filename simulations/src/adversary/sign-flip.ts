import { Type } from 'typebox'
import { attackPolicy, times } from './attack.ts'

/**
 * Each sends −factor times what it trained: against where honest devices go, and as long as they are with factor 1.
 * Source: Li et al. 2019, arXiv:1811.03761, section 5
 */
export const signFlip = attackPolicy({
  options: { factor: Type.Optional(Type.Number({ exclusiveMinimum: 0, default: 1 })) },
  make: ({ factor = 1 }) => ({
    name: 'sign-flip',
    forge: ({ own }) => own.map((update) => times(-factor, update)),
  }),
})
