import { policy } from '../policy.ts'
import { adaptive, adaptiveOptions } from './adaptive.ts'

/** FedAdagrad: v ← v + Δ². Source: Reddi et al. 2021, arXiv:2003.00295, Algorithm 2 */
export const adagrad = policy({
  options: adaptiveOptions,
  make: (options) => adaptive('adagrad', (before, squared) => before + squared, options),
})
