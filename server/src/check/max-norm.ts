import { ok, refuse } from '@panal/client-core'
import { Type } from 'typebox'
import { policy } from '../policy.ts'
import { when } from '../registry/document-errors.ts'
import type { UpdateCheck } from '../strategy/strategy.ts'

/** Refuses an update whose L2 norm is over `maxNorm` (params units): one device may not move the model arbitrarily far. */
export const maxNorm = policy({
  options: { maxNorm: Type.Number({ exclusiveMinimum: 0, description: 'L2 bound of a delta, in params units' }) },
  make: ({ maxNorm }): UpdateCheck => ({
    name: 'max-norm',
    check: ({ norm }) =>
      norm <= maxNorm
        ? ok
        : refuse('norm-too-large', `the update has L2 norm ${norm.toPrecision(4)}; the task accepts up to ${maxNorm}`),
  }),
  misfits: ({ maxNorm }, { plan: { clipNorm } }) =>
    when(
      clipNorm !== undefined && maxNorm < clipNorm,
      '/maxNorm',
      `must be at least plan.clipNorm, ${clipNorm}, or honest updates are refused`,
    ),
})
