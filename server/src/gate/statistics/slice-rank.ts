import { rowsOf, type CategoryTable, type Predicate } from './slice-table.ts'

/** The rows on which all predicates hold. */
export interface Slice {
  /** By rising column. */
  readonly predicates: readonly Predicate[]
  readonly size: number
  readonly errorSum: number
  readonly score: number
}

/** Best first; the law of ties. */
export function byRank(a: Slice, b: Slice): number {
  if (a.score !== b.score) return b.score - a.score
  if (a.predicates.length !== b.predicates.length) return a.predicates.length - b.predicates.length
  for (const [i, { column, code }] of a.predicates.entries()) {
    const other = b.predicates[i]!
    if (column !== other.column) return column - other.column
    if (code !== other.code) return code - other.code
  }
  return 0
}

/** The best of each group of slices that are nearly the same rows: |A ∩ B| / |A ∪ B| ≥ `least`. Keeps the order. */
export function distinctSlices(table: CategoryTable, slices: readonly Slice[], numRows: number, least = 0.9): Slice[] {
  const kept: { slice: Slice; rows: Int32Array }[] = []
  for (const slice of slices) {
    const rows = rowsOf(table, slice, numRows)
    const isNew = kept.every((other) => {
      const shared = numShared(rows, other.rows)
      return shared / (rows.length + other.rows.length - shared) < least
    })
    if (isNew) kept.push({ slice, rows })
  }
  return kept.map(({ slice }) => slice)
}

/** Of two rising lists. */
function numShared(a: Int32Array, b: Int32Array): number {
  let [i, j, shared] = [0, 0, 0]
  while (i < a.length && j < b.length) {
    const difference = a[i]! - b[j]!
    if (difference === 0) shared++
    if (difference <= 0) i++
    if (difference >= 0) j++
  }
  return shared
}
