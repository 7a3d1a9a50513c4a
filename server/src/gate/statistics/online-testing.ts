/**
 * Levels at which the tests of an endless series may be made, one after another, so that the false discovery rate over
 * all of them stays at `alpha`: LORD++. A series that finds nothing runs its wealth down; a rejection earns some back.
 * Source: Ramdas et al. 2017, arXiv:1710.00499; γ_j = 6/(π² j²), w₀ = alpha/2.
 */
export function nextLevel(rejected: readonly boolean[], alpha = 0.05): number {
  const initialWealth = alpha / 2
  const t = rejected.length + 1
  let level = gamma(t) * initialWealth
  let isFirst = true
  rejected.forEach((was, index) => {
    if (!was) return
    level += gamma(t - (index + 1)) * (isFirst ? alpha - initialWealth : alpha)
    isFirst = false
  })
  return level
}

/** Sums to 1 over all j ≥ 1. */
const gamma = (j: number): number => 6 / (Math.PI * j) ** 2
