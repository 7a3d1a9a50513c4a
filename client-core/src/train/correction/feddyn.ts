import { combine, zeros, type Correction } from './correction.ts'

/**
 * FedDyn: the loss gets −⟨hᵢ, w⟩ + α/2·‖w − base‖², where hᵢ is the gradient at the end of the device's last round:
 * hᵢ ← hᵢ − α·delta. Every device's optimum then is one of all, if they agree.
 * Source: Acar et al. 2021, arXiv:2111.04263, Algorithm 1
 */
export const feddyn = ({ alpha }: { readonly alpha: number }): Correction => ({
  needsServers: false,
  proximalTerm: alpha,
  offset: ({ servers, own = zeros(servers) }) => own.map((value) => -value),
  next: ({ servers, own = zeros(servers) }, delta) => combine(own, delta, (h, d) => h - alpha * d),
})
