/** p-values adjusted for how many were looked at. */
export interface Adjusted {
  /** In the order given; null where p was NaN: no test was made, so none is counted. Compare with the level itself. */
  readonly adjusted: readonly (number | null)[]
  readonly numTests: number
  readonly numExcluded: number
}

/** Positions of the real p-values, smallest p first; equal ones in their given order. */
function ranked(p: readonly number[]): number[] {
  if (p.some((each) => each < 0 || each > 1)) throw new RangeError('multiple testing: a p-value is outside [0, 1]')
  return p.flatMap((each, i) => (Number.isNaN(each) ? [] : [i])).sort((a, b) => p[a]! - p[b]! || a - b)
}

function collect(p: readonly number[], order: readonly number[], values: readonly number[]): Adjusted {
  const adjusted: (number | null)[] = p.map(() => null)
  order.forEach((at, rank) => (adjusted[at] = values[rank]!))
  return { adjusted, numTests: order.length, numExcluded: p.length - order.length }
}

/**
 * False discovery rate: q₍ᵢ₎ = min over j ≥ i of m·p₍ⱼ₎/j, at most 1. Rejecting where q ≤ level keeps the expected share
 * of false rejections at the level for independent (and positively dependent) tests. Ties get the same q.
 * Source: Benjamini and Hochberg 1995.
 */
export function benjaminiHochberg(p: readonly number[]): Adjusted {
  const order = ranked(p)
  const m = order.length
  const values = order.map((at, rank) => Math.min(1, (m * p[at]!) / (rank + 1)))
  for (let rank = m - 2; rank >= 0; rank--) values[rank] = Math.min(values[rank]!, values[rank + 1]!)
  return collect(p, order, values)
}

/** Family-wise: max over j ≤ i of (m − j + 1)·p₍ⱼ₎, at most 1. Source: Holm 1979. */
export function holm(p: readonly number[]): Adjusted {
  const order = ranked(p)
  const m = order.length
  const values = order.map((at, rank) => Math.min(1, (m - rank) * p[at]!))
  for (let rank = 1; rank < m; rank++) values[rank] = Math.max(values[rank]!, values[rank - 1]!)
  return collect(p, order, values)
}
