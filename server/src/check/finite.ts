import { ok, refuse } from '@panal/client-core'
import { policy } from '../policy.ts'
import type { UpdateCheck } from '../strategy/strategy.ts'

/** Largest finite float32. A norm above it cannot have come from honest training, and would overflow float32 sums. */
const maxFloat32 = 3.4028234663852886e38

/** Refuses NaN, ±Inf and norms that overflow float32. Reads only the norm, which any such value spoils. */
export const finite = policy({
  options: {},
  make: (): UpdateCheck => ({
    name: 'finite',
    check: ({ norm }) => (norm <= maxFloat32 ? ok : refuse('non-finite')), // false for NaN too
  }),
})
