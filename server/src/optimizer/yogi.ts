import { policy } from '../policy.ts'
import { adaptive, adaptiveOptions, beta2Option } from './adaptive.ts'

/**
 * FedYogi: v ← v − (1 − β₂)·Δ²·sign(v − Δ²), so that v falls no faster than it rises.
 * Source: Reddi et al. 2021, arXiv:2003.00295, Algorithm 2
 */
export const yogi = policy({
  options: { ...adaptiveOptions, ...beta2Option },
  make: ({ beta2 = 0.99, ...options }) =>
    adaptive('yogi', (before, squared) => before - (1 - beta2) * squared * Math.sign(before - squared), options),
})
