/**
 * Σ of `values` in float64 with Neumaier's compensation: the error is about one rounding, whatever the length and the
 * order, so that the order of shards cannot change a verdict. Empty → 0. NaN and ±Infinity come through.
 * Source: Neumaier 1974, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen".
 */
export function sum(values: Iterable<number>): number {
  let total = 0
  let lost = 0
  for (const value of values) {
    const next = total + value
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total
    total = next
  }
  // An infinite total makes the compensation NaN; the total alone is then the answer.
  return Number.isFinite(total) ? total + lost : total
}

/** Σ / n. @throws RangeError when there is nothing to average: NaN never leaves. */
export function mean(values: ArrayLike<number> & Iterable<number>): number {
  if (values.length === 0) throw new RangeError('mean: no values')
  return sum(values) / values.length
}
