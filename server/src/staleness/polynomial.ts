import { Type } from 'typebox'
import { policy } from '../policy.ts'
import type { StalenessWeight } from '../strategy/strategy.ts'

/**
 * (1 + τ)^−a. With a = ½ it is the 1/√(1 + τ) of FedBuff: Nguyen et al. 2022, arXiv:2106.06639, section 5.
 * Source: Xie et al. 2019, arXiv:1903.03934, section 5.2
 */
export const polynomial = policy({
  options: {
    a: Type.Optional(
      Type.Number({ minimum: 0, maximum: 100, default: 0.5, description: '0: however old, an update counts in full' }),
    ),
  },
  make: ({ a = 0.5 }): StalenessWeight => ({ name: 'polynomial', of: (staleness) => (1 + staleness) ** -a }),
})
