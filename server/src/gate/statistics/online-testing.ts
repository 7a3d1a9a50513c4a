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

/**
 * Which of a series of p-values are rejected when each test is paid for: at wealth W the next is made at level W/(1 + W); a
 * rejection earns `payout`, any other costs all of W. Wealth starts at `alpha` and bounds the expected false rejections
 * (mFDR); order the series by a fixed key, the most promising first. Sources: Foster and Stine 2008; Chung et al. 2019,
 * arXiv:1807.06068 ("best foot forward")
 */
export function alphaInvesting(p: readonly number[], options: { alpha?: number; payout?: number } = {}): boolean[] {
  const { alpha = 0.05 } = options
  const { payout = alpha } = options
  let wealth = alpha
  return p.map((each) => {
    const level = wealth / (1 + wealth)
    const isRejected = each < level
    wealth += isRejected ? payout : -level / (1 - level)
    return isRejected
  })
}
