import { combine, type Correction } from './correction.ts'

/**
 * SCAFFOLD, with option II: every gradient is moved by c − cᵢ, the server's estimate of all devices' gradients less that of
 * this device's own. Both vectors are in units of learning rate · gradient, so that nobody but the device needs to know the
 * rate: cᵢ ← cᵢ − c − delta / numSteps. A device that has kept nothing begins at c, not at 0 as in the paper: where devices
 * come and go, c would count each of them anew, and never forget those that are gone.
 * Source: Karimireddy et al. 2020, arXiv:1910.06378, Algorithm 1
 */
export const scaffold = (): Correction => ({
  needsServers: true,
  proximalTerm: 0,
  offset: ({ servers, own = servers, learningRate }) => combine(servers, own, (c, ci) => (c - ci) / learningRate),
  next({ servers, own = servers }, delta, numSteps) {
    const kept = combine(own, servers, (ci, c) => ci - c)
    for (let i = 0; i < kept.length; i++) kept[i]! -= delta[i]! / numSteps
    return kept
  },
})
