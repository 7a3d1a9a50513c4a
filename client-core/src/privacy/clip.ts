import type { Params } from '../model/layout.ts'

/**
 * L2 norm, summed in float64 in index order. NaN if any value is NaN, Infinity if any is infinite: the finite check
 * relies on it. Finite float32 values cannot overflow it (their squares end at 1e77).
 */
export function l2Norm(vector: Float32Array): number {
  let sum = 0
  for (let i = 0; i < vector.length; i++) {
    const value = vector[i]!
    sum += value * value
  }
  return Math.sqrt(sum)
}

/**
 * Scales `delta` in place so that its L2 norm is at most `clipNorm`; answers the norm it had before.
 * A delta within the bound, or one whose norm is not finite, stays as it is: the server's checks refuse the latter.
 * Source: Abadi et al. 2016, arXiv:1607.00133; McMahan et al. 2018, arXiv:1710.06963 (per client).
 */
export function clipToNorm(delta: Params, clipNorm: number): number {
  if (!(clipNorm > 0)) throw new RangeError(`clip: the bound is ${clipNorm}; it must be over 0`)
  const norm = l2Norm(delta)
  if (!(norm > clipNorm) || norm === Infinity) return norm
  const scale = clipNorm / norm
  for (let i = 0; i < delta.length; i++) delta[i] = delta[i]! * scale
  return norm
}
