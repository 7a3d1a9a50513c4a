import { policy } from '../policy.ts'
import { adaptive, adaptiveOptions, beta2Option } from './adaptive.ts'

/** FedAdam: v ← β₂·v + (1 − β₂)·Δ². Source: Reddi et al. 2021, arXiv:2003.00295, Algorithm 2 */
export const adam = policy({
  options: { ...adaptiveOptions, ...beta2Option },
  make: ({ beta2 = 0.99, ...options }) =>
    adaptive('adam', (before, squared) => beta2 * before + (1 - beta2) * squared, options),
})
