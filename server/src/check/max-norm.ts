import { ok, refuse } from '@panal/client-core'
import type { UpdateCheck } from '../strategy/strategy.ts'

/** Refuses an update whose L2 norm is over `maxNorm` (params units): one device may not move the model arbitrarily far. */
export const maxNorm = (options: { readonly maxNorm: number }): UpdateCheck => ({
  name: 'max-norm',
  check: ({ norm }) =>
    norm <= options.maxNorm
      ? ok
      : refuse(
          'norm-too-large',
          `the update has L2 norm ${norm.toPrecision(4)}; the task accepts up to ${options.maxNorm}`,
        ),
})
