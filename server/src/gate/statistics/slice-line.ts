/** A table of categories: `columns[c][row]` is a code 0 … cardinality − 1, or −1 where the value is missing. */
export interface CategoryTable {
  readonly columns: readonly ArrayLike<number>[]
  readonly cardinalities: readonly number[]
}

/** `columns[column][row] === code` */
export interface Predicate {
  readonly column: number
  readonly code: number
}

/** The rows on which all predicates hold. */
export interface Slice {
  /** By rising column. */
  readonly predicates: readonly Predicate[]
  readonly size: number
  readonly errorSum: number
  readonly score: number
}

export interface SliceLineOptions {
  /** Weight of error against size; in (0, 1]. Default 0.95. */
  readonly alpha?: number
  /** Fewest rows of a slice. Default max(30, 1 % of the rows). */
  readonly minSize?: number
  /** Most predicates of a slice. Default 3. */
  readonly maxLevel?: number
  /** How many slices. Default 10. */
  readonly k?: number
}

/** A slice while it is looked for. */
interface Candidate extends Slice {
  readonly maxError: number
}

interface Search {
  readonly table: CategoryTable
  readonly errors: Float64Array
  readonly meanError: number
  readonly alpha: number
  readonly minSize: number
  readonly k: number
}

/**
 * The k slices with the highest score α(ē_S/ē − 1) − (1 − α)(n/|S| − 1), those with a score over 0 only: where a model fails
 * more than elsewhere, on enough rows. Exact: slices are dropped only where an upper bound shows that no refinement can
 * reach the top k (n is the number of *rows*; two public implementations take that of one-hot columns). Ties: fewer
 * predicates first, then by column and code. Cost: one pass over a slice's rows per slice refined; memory O(rows + slices).
 * Source: Sagadeeva and Boehm, SIGMOD 2021, "SliceLine".
 * @param errors [rows] at least 0, finite
 */
export function sliceLine(table: CategoryTable, errors: Float64Array, options: SliceLineOptions = {}): Slice[] {
  const n = errors.length
  const { alpha = 0.95, minSize = Math.max(30, Math.ceil(n / 100)), maxLevel = 3, k = 10 } = options
  if (errors.some((each) => !(each >= 0 && each < Infinity))) throw new RangeError('slice line: an error is not ≥ 0')
  const meanError = errors.reduce((sum, each) => sum + each, 0) / n
  if (!(meanError > 0)) return []
  const search: Search = { table, errors, meanError, alpha, minSize, k }
  let top: Candidate[] = []
  const everything: Candidate = { predicates: [], size: n, errorSum: meanError * n, maxError: max(errors), score: 0 }
  let survivors = new Map([['', everything]])
  for (let level = 1; level <= maxLevel && survivors.size > 0; level++) {
    const found = new Map<string, Candidate>()
    for (const parent of survivors.values()) {
      for (const child of refinements(search, parent)) {
        const bound = boundOf(search, child, survivors)
        if (!(bound > 0 && bound >= worstOf(top, k))) continue
        found.set(keyOf(child.predicates), child)
        if (child.score > 0) top = insert(top, child, k)
      }
    }
    survivors = new Map([...found].filter(([, each]) => refinable(search, each) >= worstOf(top, k)))
  }
  return top.map(({ predicates, size, errorSum, score }) => ({ predicates, size, errorSum, score }))
}

/** The rows of a slice, rising. */
export function rowsOf(
  { columns }: CategoryTable,
  { predicates }: Pick<Slice, 'predicates'>,
  numRows: number,
): Int32Array {
  const rows: number[] = []
  for (let row = 0; row < numRows; row++)
    if (predicates.every(({ column, code }) => columns[column]![row] === code)) rows.push(row)
  return Int32Array.from(rows)
}

/** Every slice with one predicate more, on a column after the last one: so each slice comes up once. */
function refinements(search: Search, parent: Candidate): Candidate[] {
  const { table, errors, minSize } = search
  const first = (parent.predicates.at(-1)?.column ?? -1) + 1
  if (first >= table.columns.length) return []
  const rows = rowsOf(table, parent, errors.length)
  const children: Candidate[] = []
  for (let column = first; column < table.columns.length; column++) {
    const codes = table.columns[column]!
    const cardinality = table.cardinalities[column]!
    const sizes = new Int32Array(cardinality)
    const sums = new Float64Array(cardinality)
    const maxima = new Float64Array(cardinality)
    for (const row of rows) {
      const code = codes[row]!
      if (code < 0) continue
      const error = errors[row]!
      sizes[code]! += 1
      sums[code]! += error
      if (error > maxima[code]!) maxima[code] = error
    }
    for (let code = 0; code < cardinality; code++) {
      const [size, errorSum] = [sizes[code]!, sums[code]!]
      if (size < minSize || !(errorSum > 0)) continue
      const predicates = [...parent.predicates, { column, code }]
      children.push({ predicates, size, errorSum, maxError: maxima[code]!, score: scoreOf(search, size, errorSum) })
    }
  }
  return children
}

const scoreOf = ({ alpha, meanError, errors: { length: n } }: Search, size: number, errorSum: number): number =>
  alpha * (errorSum / size / meanError - 1) - (1 - alpha) * (n / size - 1)

/**
 * No slice inside all of the child's parents scores higher: of a slice with at most `size` rows, `errorSum` error and
 * `maxError` a row, the best has one of three sizes. Below 0 where a parent did not survive.
 */
function boundOf(search: Search, { predicates, size }: Candidate, survivors: ReadonlyMap<string, Candidate>): number {
  let limits = { size, errorSum: Infinity, maxError: Infinity }
  for (let left = 0; left < predicates.length; left++) {
    const parent = survivors.get(keyOf(predicates.filter((_, i) => i !== left)))
    if (parent === undefined) return -1
    limits = {
      size: Math.min(limits.size, parent.size),
      errorSum: Math.min(limits.errorSum, parent.errorSum),
      maxError: Math.min(limits.maxError, parent.maxError),
    }
  }
  return bestInside(search, limits)
}

/** What the slice's own refinements could reach at most. */
const refinable = (search: Search, slice: Candidate): number => bestInside(search, slice)

function bestInside(search: Search, of: { size: number; errorSum: number; maxError: number }): number {
  const { minSize } = search
  const sizes = [minSize, Math.max(of.errorSum / of.maxError, minSize), of.size].filter((size) => size <= of.size)
  return Math.max(...sizes.map((size) => scoreOf(search, size, Math.min(size * of.maxError, of.errorSum))))
}

const keyOf = (predicates: readonly Predicate[]): string =>
  predicates.map(({ column, code }) => `${column}=${code}`).join(',')

/** Under which score, less what rounding may change, nothing can enter any more. */
const worstOf = (top: readonly Candidate[], k: number): number =>
  top.length < k ? -Infinity : top[k - 1]!.score - 1e-12 * Math.abs(top[k - 1]!.score)

function insert(top: readonly Candidate[], slice: Candidate, k: number): Candidate[] {
  return [...top, slice].sort(byRank).slice(0, k)
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

function max(values: Float64Array): number {
  return values.reduce((most, each) => Math.max(most, each), 0)
}

/** The best of each group of slices that are nearly the same rows: |A ∩ B| / |A ∪ B| ≥ `least`. Keeps the order. */
export function distinctSlices(table: CategoryTable, slices: readonly Slice[], numRows: number, least = 0.9): Slice[] {
  const kept: { slice: Slice; rows: ReadonlySet<number> }[] = []
  for (const slice of slices) {
    const rows = new Set(rowsOf(table, slice, numRows))
    const isNew = kept.every((other) => {
      const shared = [...rows].filter((row) => other.rows.has(row)).length
      return shared / (rows.size + other.rows.size - shared) < least
    })
    if (isNew) kept.push({ slice, rows })
  }
  return kept.map(({ slice }) => slice)
}
