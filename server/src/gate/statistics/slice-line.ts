import {
  clear,
  itemTable,
  partition,
  rowsOf,
  tally,
  type CategoryTable,
  type ItemTable,
  type Predicate,
  type Tally,
} from './slice-table.ts'

export { rowsOf, type CategoryTable, type Predicate } from './slice-table.ts'

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

interface Figures {
  readonly size: number
  readonly errorSum: number
  readonly maxError: number
}

/** A slice that may still have refinements in the top k: a node of the tree of predicates by rising column. */
interface Node extends Figures {
  readonly item: number
  readonly column: number
  /** With one predicate more, by item, rising. */
  children: Map<number, Node>
}

interface Search {
  readonly table: ItemTable
  readonly errors: Float64Array
  readonly meanError: number
  readonly alpha: number
  readonly minSize: number
  readonly k: number
  readonly root: Node
  /** Best first, at most k. */
  top: Slice[]
  readonly scratch: {
    readonly tally: Tally
    readonly slotOf: Int32Array
    /** One per level: the rows of the slices that are open there. */
    readonly rows: readonly Int32Array[]
  }
}

/**
 * The k slices with the highest score α(ē_S/ē − 1) − (1 − α)(n/|S| − 1), those with a score over 0 only: where a model fails
 * more than elsewhere, on enough rows. Exact: slices are dropped only where an upper bound shows that no refinement can
 * reach the top k (n is the number of *rows*; two public implementations take that of one-hot columns). Ties: fewer
 * predicates first, then by column and code. Level by level: slices of one level that share all predicates but the last are
 * joined, and what a join gives is counted in one pass over the rows of the first of the two, for all seconds at once. Cost:
 * at most rows × (columns over `maxLevel`); memory (columns + maxLevel) · rows · 4 bytes and the surviving slices.
 * Source: Sagadeeva and Boehm, SIGMOD 2021, "SliceLine".
 * @param errors [rows] at least 0, finite
 */
export function sliceLine(table: CategoryTable, errors: Float64Array, options: SliceLineOptions = {}): Slice[] {
  const n = errors.length
  const { alpha = 0.95, minSize = Math.max(30, Math.ceil(n / 100)), maxLevel = 3, k = 10 } = options
  if (errors.some((each) => !(each >= 0 && each < Infinity))) throw new RangeError('slice line: an error is not ≥ 0')
  const meanError = errors.reduce((sum, each) => sum + each, 0) / n
  if (!(meanError > 0)) return []
  const search = startSearch(itemTable(table, n), errors, { meanError, alpha, minSize, k, maxLevel })
  const everything = Int32Array.from({ length: n }, (_, row) => row)
  firstLevel(search, everything)
  for (let level = 2; level <= maxLevel && search.root.children.size > 1; level++) {
    descend(search, { node: search.root, path: [], rows: everything }, level - 2)
    prune(search, search.root, level)
  }
  return search.top
}

function startSearch(
  table: ItemTable,
  errors: Float64Array,
  { maxLevel, ...given }: Pick<Search, 'meanError' | 'alpha' | 'minSize' | 'k'> & { readonly maxLevel: number },
): Search {
  const numItems = table.columnOf.length
  const all = { size: errors.length, errorSum: given.meanError * errors.length, maxError: Infinity }
  return {
    table,
    errors,
    ...given,
    root: { ...all, item: -1, column: -1, children: new Map() },
    top: [],
    scratch: {
      tally: { sizes: new Int32Array(numItems), sums: new Float64Array(numItems), maxima: new Float64Array(numItems) },
      slotOf: new Int32Array(numItems),
      rows: Array.from({ length: Math.max(0, maxLevel - 1) }, () => new Int32Array(errors.length)),
    },
  }
}

function firstLevel(search: Search, rows: Int32Array): void {
  const { table, root, scratch } = search
  const columns = Int32Array.from({ length: table.numColumns }, (_, c) => c)
  tally(table, search.errors, { rows, columns, into: scratch.tally })
  for (const column of columns)
    for (let item = table.firsts[column]! + 1; item < table.firsts[column + 1]!; item++) keep(search, root, [item])
  clear(table, { rows, columns, into: scratch.tally })
  prune(search, root, 1)
}

/** A slice whose refinements are looked for, with its items and its rows. */
interface Open {
  readonly node: Node
  readonly path: readonly number[]
  readonly rows: Int32Array
}

/** Opens every slice `depth` levels further down, and joins its children. */
function descend(search: Search, open: Open, depth: number): void {
  if (depth === 0) joinChildren(search, open)
  else
    openEach(search, open, [...open.node.children.values()], (child) => {
      if (child.node.children.size > 1) descend(search, child, depth - 1)
    })
}

/** Hands over each of the children with its rows; one pass over the parent's rows for each column of theirs. */
function openEach(search: Search, { path, rows }: Open, children: readonly Node[], use: (child: Open) => void): void {
  const { table, scratch } = search
  const buffer = scratch.rows[path.length]!
  for (let from = 0; from < children.length;) {
    const column = children[from]!.column
    let to = from
    while (to < children.length && children[to]!.column === column) to++
    const group = children.slice(from, to)
    const parts = { column, items: group.map(({ item }) => item), sizes: group.map(({ size }) => size) }
    const split = partition(table, rows, { parts, buffer, slotOf: scratch.slotOf })
    group.forEach((node, i) => use({ node, path: [...path, node.item], rows: split[i]! }))
    from = to
  }
}

/** Joins any two children on different columns, unless a bound already tells that the join leads nowhere. */
function joinChildren(search: Search, open: Open): void {
  const siblings = [...open.node.children.values()]
  const seconds = new Map<Node, Node[]>()
  siblings.forEach((first, at) => {
    const joined = siblings.slice(at + 1).filter((second) => isWorthCounting(search, open.path, first, second))
    if (joined.length > 0) seconds.set(first, joined)
  })
  openEach(search, open, [...seconds.keys()], ({ node, path, rows }) => {
    const joined = seconds.get(node)!
    const columns = Int32Array.from(new Set(joined.map(({ column }) => column)))
    const { table, errors, scratch } = search
    tally(table, errors, { rows, columns, into: scratch.tally })
    for (const { item } of joined) keep(search, node, [...path, item])
    clear(table, { rows, columns, into: scratch.tally })
  })
}

/** All slices with one predicate less have survived, and together they leave room for a score in the top k. */
function isWorthCounting(search: Search, path: readonly number[], first: Node, second: Node): boolean {
  if (first.column === second.column) return false
  let size = Math.min(first.size, second.size)
  let errorSum = Math.min(first.errorSum, second.errorSum)
  let maxError = Math.min(first.maxError, second.maxError)
  for (let left = 0; left < path.length; left++) {
    let node: Node | undefined = search.root
    for (let i = 0; i < path.length && node !== undefined; i++) if (i !== left) node = node.children.get(path[i]!)
    node = node?.children.get(first.item)?.children.get(second.item)
    if (node === undefined) return false
    size = Math.min(size, node.size)
    errorSum = Math.min(errorSum, node.errorSum)
    maxError = Math.min(maxError, node.maxError)
  }
  return isPromising(search, { size, errorSum, maxError })
}

/** Takes over what was counted for the last item of the path: into the top k, and as a slice to refine. */
function keep(search: Search, parent: Node, path: readonly number[]): void {
  const { sizes, sums, maxima } = search.scratch.tally
  const item = path.at(-1)!
  const figures = { size: sizes[item]!, errorSum: sums[item]!, maxError: maxima[item]! }
  if (figures.size < search.minSize || !(figures.errorSum > 0)) return
  insert(search, path, figures)
  if (!isPromising(search, figures)) return
  parent.children.set(item, { ...figures, item, column: search.table.columnOf[item]!, children: new Map() })
}

/** Drops slices of a level that the top k has left behind since they were counted. */
function prune(search: Search, node: Node, depth: number): void {
  for (const [item, child] of node.children) {
    if (depth > 1) prune(search, child, depth - 1)
    else if (!isPromising(search, child)) node.children.delete(item)
  }
}

const scoreOf = ({ alpha, meanError, errors: { length: n } }: Search, size: number, errorSum: number): number =>
  alpha * (errorSum / size / meanError - 1) - (1 - alpha) * (n / size - 1)

/**
 * Could a slice with at most so many rows, so much error and so much error a row enter the top k? The best such slice has
 * one of three sizes.
 */
function isPromising(search: Search, { size, errorSum, maxError }: Figures): boolean {
  const { minSize } = search
  if (size < minSize) return false
  const least = worstOf(search)
  const reaches = (s: number) => {
    const score = scoreOf(search, s, Math.min(s * maxError, errorSum))
    return score > 0 && score >= least
  }
  const steepest = Math.min(size, Math.max(errorSum / maxError, minSize))
  return reaches(steepest) || reaches(minSize) || reaches(size)
}

/** Under which score, less what rounding may change, nothing can enter any more. */
function worstOf({ top, k }: Search): number {
  const last = top[k - 1]
  return last === undefined ? -Infinity : last.score - 1e-12 * Math.abs(last.score)
}

function insert(search: Search, path: readonly number[], { size, errorSum }: Figures): void {
  const score = scoreOf(search, size, errorSum)
  if (!(score > 0 && score >= worstOf(search))) return
  const { columnOf, firsts } = search.table
  const predicates = path.map((item) => ({ column: columnOf[item]!, code: item - firsts[columnOf[item]!]! - 1 }))
  search.top = [...search.top, { predicates, size, errorSum, score }].sort(byRank).slice(0, search.k)
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
