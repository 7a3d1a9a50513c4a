import { append, beginChildren, childrenOf, emptyLevel, type SliceLevel } from './slice-levels.ts'
import type { Slice } from './slice-rank.ts'
import { insert, isPromising, scoreOf, type Ranking } from './slice-score.ts'
import { countMarked, itemBits, markRows, type ItemBits } from './slice-bits.ts'
import {
  addErrors,
  addSizes,
  clear,
  itemTable,
  partition,
  wrongFirst,
  type CategoryTable,
  type ItemTable,
  type Predicate,
  type Rows,
  type Tally,
} from './slice-table.ts'

export interface SliceLineOptions {
  /** Weight of error against size; in (0, 1]. Default 0.95. */
  readonly alpha?: number
  /** Fewest rows of a slice. Default max(30, 1 % of the rows). */
  readonly minSize?: number
  /** Most predicates of a slice. Default 3. */
  readonly maxLevel?: number
  /** How many slices. Default 10. */
  readonly k?: number
  /** Most slices that are counted; then the search ends where it is. Default 2 million: all triples of 100 binary columns. */
  readonly maxCounted?: number
}

export interface SliceSearch {
  /** Best first. */
  readonly slices: readonly Slice[]
  /** How many slices were looked at; the others cannot be among the best. */
  readonly numCounted: number
  /** Where `maxCounted` ended the search: the number of predicates of which not all slices were looked at. */
  readonly unfinishedLevel?: number
}

interface Search extends Ranking {
  readonly table: ItemTable
  readonly bits: ItemBits
  readonly errors: Float64Array
  readonly maxCounted: number
  numCounted: number
  isExhausted: boolean
  /** By the number of predicates: the whole table, then single predicates, … */
  readonly levels: SliceLevel[]
  readonly scratch: {
    readonly tally: Tally
    readonly slotOf: Int32Array
    readonly marked: Int32Array
    /** One per level: the rows of the slices that are open there. */
    readonly rows: readonly Int32Array[]
  }
}

/**
 * The k slices with the highest score α(ē_S/ē − 1) − (1 − α)(n/|S| − 1), those with a score over 0 only: where a model fails
 * more than elsewhere, on enough rows. Exact unless it ends at `maxCounted`: slices are dropped only where an upper bound
 * shows that no refinement can reach the top k (n is the number of *rows*; two public implementations take that of one-hot
 * columns). Ties: fewer predicates first, then by column and code. Level by level: slices of one level that share all
 * predicates but the last are joined, and what a join gives is counted in one pass over the rows of the first of the two,
 * for all seconds at once. Cost: at most rows × (columns over `maxLevel`); memory (columns + maxLevel) · rows · 4 bytes and
 * 40 bytes for each surviving slice of the levels before the last.
 * Source: Sagadeeva and Boehm, SIGMOD 2021, "SliceLine".
 * @param errors [rows] at least 0, finite
 */
export function sliceLine(table: CategoryTable, errors: Float64Array, options: SliceLineOptions = {}): SliceSearch {
  const n = errors.length
  const { alpha = 0.95, minSize = Math.max(30, Math.ceil(n / 100)), maxLevel = 3, k = 10, maxCounted = 2e6 } = options
  if (errors.some((each) => !(each >= 0 && each < Infinity))) throw new RangeError('slice line: an error is not ≥ 0')
  const meanError = errors.reduce((sum, each) => sum + each, 0) / n
  if (!(meanError > 0)) return { slices: [], numCounted: 0 }
  const rows = wrongFirst(errors)
  const search = startSearch(itemTable(table, n), errors, { meanError, alpha, minSize, k, maxCounted }, maxLevel)
  firstLevel(search, rows, maxLevel === 1)
  let level = 1
  while (level < maxLevel && !search.isExhausted && search.levels[level]!.items.length > 1) {
    level++
    const goal: Goal = { level, next: level === maxLevel ? undefined : emptyLevel() }
    descend(search, { slice: 0, path: [], rows }, goal)
    if (goal.next === undefined) break
    beginChildren(search.levels[level - 1]!, search.levels[level - 1]!.items.length, goal.next)
    search.levels.push(goal.next)
  }
  const { top: slices, numCounted } = search
  return { slices, numCounted, ...(search.isExhausted && { unfinishedLevel: level }) }
}

function startSearch(
  table: ItemTable,
  errors: Float64Array,
  given: Pick<Search, 'meanError' | 'alpha' | 'minSize' | 'k' | 'maxCounted'>,
  maxLevel: number,
): Search {
  const numItems = table.columnOf.length
  const root = emptyLevel()
  const bits = itemBits(table)
  append(root, -1, { size: errors.length, errorSum: given.meanError * errors.length, maxError: Infinity })
  return {
    table,
    bits,
    errors,
    ...given,
    numCounted: 0,
    isExhausted: false,
    levels: [root],
    top: [],
    numRows: errors.length,
    scratch: {
      tally: { sizes: new Int32Array(numItems), sums: new Float64Array(numItems), maxima: new Float64Array(numItems) },
      slotOf: new Int32Array(numItems),
      marked: new Int32Array(bits.numWords),
      rows: Array.from({ length: Math.max(0, maxLevel - 1) }, () => new Int32Array(errors.length)),
    },
  }
}

/** What a pass down the tree is for: all slices of a level, kept for the next one unless it is the last. */
interface Goal {
  readonly level: number
  readonly next: SliceLevel | undefined
}

function firstLevel(search: Search, rows: Rows, isLast: boolean): void {
  const { table, levels } = search
  const items: number[] = []
  for (let column = 0; column < table.numColumns; column++)
    for (let item = table.firsts[column]! + 1; item < table.firsts[column + 1]!; item++) items.push(item)
  const next = emptyLevel()
  beginChildren(levels[0]!, 0, next)
  count(search, { slice: 0, path: [], rows }, items, { level: 1, next: isLast ? undefined : next })
  beginChildren(levels[0]!, 1, next)
  levels.push(next)
}

/** A slice whose refinements are looked for: where it is in its level, its items and its rows. */
interface Open {
  readonly slice: number
  readonly path: readonly number[]
  readonly rows: Rows
}

/** Opens every slice that has two predicates less than those of the goal, and joins its children. */
function descend(search: Search, open: Open, goal: Goal): void {
  const { firstChildren } = search.levels[open.path.length]!
  const [from, to] = [firstChildren[open.slice]!, firstChildren[open.slice + 1]!]
  if (open.path.length === goal.level - 2) return joinChildren(search, open, { from, to, goal })
  const children: number[] = []
  const below = search.levels[open.path.length + 1]!.firstChildren
  for (let child = from; child < to; child++) if (below[child + 1]! > below[child]!) children.push(child)
  openEach(search, open, children, (child) => descend(search, child, goal))
}

const isOver = (search: Search): boolean => search.isExhausted

/** Hands over each of the children with its rows; one pass over the parent's rows for each column of theirs. */
function openEach(
  search: Search,
  { path, rows }: Open,
  children: readonly number[],
  use: (child: Open, at: number) => void,
): void {
  const { table, scratch } = search
  const { items, sizes } = search.levels[path.length + 1]!
  const columnOf = (child: number): number => table.columnOf[items[child]!]!
  for (let from = 0; from < children.length;) {
    if (isOver(search)) return
    const column = columnOf(children[from]!)
    let to = from
    while (to < children.length && columnOf(children[to]!) === column) to++
    const group = children.slice(from, to)
    const parts = { column, items: group.map((child) => items[child]!), sizes: group.map((child) => sizes[child]!) }
    const split = partition(table, rows, { parts, buffer: scratch.rows[path.length]!, slotOf: scratch.slotOf })
    for (const [i, slice] of group.entries()) {
      if (isOver(search)) return
      use({ slice, path: [...path, items[slice]!], rows: split[i]! }, from + i)
    }
    from = to
  }
}

interface Siblings {
  readonly from: number
  readonly to: number
  readonly goal: Goal
}

/** Joins any two children on different columns, unless a bound already tells that the join leads nowhere. */
function joinChildren(search: Search, open: Open, { from, to, goal }: Siblings): void {
  const firsts: number[] = []
  const seconds: (readonly number[])[] = []
  for (let first = from; first < to; first++) {
    const joined = secondsOf(search, open.path, first, to)
    if (joined.length === 0) continue
    firsts.push(first)
    seconds.push(joined)
  }
  openEach(search, open, firsts, (child, at) => {
    if (goal.next !== undefined) beginChildren(search.levels[goal.level - 1]!, child.slice, goal.next)
    count(search, child, seconds[at]!, goal)
  })
}

/**
 * Items of the later siblings that are worth joining with `first`: all slices with one predicate less have survived, and
 * together they leave room for a score in the top k.
 */
function secondsOf(search: Search, path: readonly number[], first: number, to: number): readonly number[] {
  const { columnOf } = search.table
  const { items, sizes, errorSums, maxErrors } = search.levels[path.length + 1]!
  const item = items[first]!
  const others: { at: number; readonly to: number }[] = []
  for (const left of path.keys()) {
    const range = childrenOf(search.levels, [...path.slice(0, left), ...path.slice(left + 1), item])
    if (range === undefined) return []
    others.push({ at: range[0], to: range[1] })
  }
  const joined: number[] = []
  for (let second = first + 1; second < to; second++) {
    const wanted = items[second]!
    if (columnOf[wanted] === columnOf[item]) continue
    let size = Math.min(sizes[first]!, sizes[second]!)
    let errorSum = Math.min(errorSums[first]!, errorSums[second]!)
    let maxError = Math.min(maxErrors[first]!, maxErrors[second]!)
    for (const other of others) {
      while (other.at < other.to && items[other.at]! < wanted) other.at++
      if (other.at === other.to || items[other.at] !== wanted) size = 0
      else {
        size = Math.min(size, sizes[other.at]!)
        errorSum = Math.min(errorSum, errorSums[other.at]!)
        maxError = Math.min(maxError, maxErrors[other.at]!)
      }
    }
    if (isPromising(search, size, errorSum, maxError)) joined.push(wanted)
  }
  return joined
}

/** Counts what an open slice becomes with each of these items more: into the top k, and as slices to refine. */
function count(search: Search, { path, rows }: Open, items: readonly number[], { next }: Goal): void {
  if (search.numCounted + items.length > search.maxCounted) {
    search.isExhausted = true
    return
  }
  search.numCounted += items.length
  const { table, errors, scratch, minSize } = search
  const { sizes, sums, maxima } = scratch.tally
  const columns = Int32Array.from(new Set(items.map((item) => table.columnOf[item]!)))
  addErrors(table, errors, { rows, columns, into: scratch.tally })
  countRows(search, rows, items)
  for (const item of items) {
    const [size, errorSum, maxError] = [sizes[item]!, sums[item]!, maxima[item]!]
    if (size < minSize || !(errorSum > 0)) continue
    const score = scoreOf(search, size, errorSum)
    if (score > 0)
      insert(search, score, () => ({ predicates: predicatesOf(table, [...path, item]), size, errorSum, score }))
    if (next !== undefined && isPromising(search, size, errorSum, maxError))
      append(next, item, { size, errorSum, maxError })
  }
  clear(table, { rows, columns, into: scratch.tally })
}

/** The sizes of these items: of few in a column by their bits, else by going through the rows. */
function countRows({ table, bits, scratch }: Search, rows: Rows, items: readonly number[]): void {
  const { columnOf, firsts } = table
  const byRows: number[] = []
  let isMarked = false
  for (let from = 0; from < items.length;) {
    const column = columnOf[items[from]!]!
    let to = from
    while (to < items.length && columnOf[items[to]!] === column) to++
    // To go over 32 rows as bits takes as long as to look at one or two of them.
    if (bits.startOf[column]! < 0 || (to - from) * bits.numWords > 2 * rows.rows.length) byRows.push(column)
    else {
      if (!isMarked) markRows(rows, scratch.marked)
      isMarked = true
      for (const item of items.slice(from, to))
        scratch.tally.sizes[item] = countMarked(bits, scratch.marked, column, item - firsts[column]!)
    }
    from = to
  }
  if (byRows.length > 0) addSizes(table, { rows, columns: Int32Array.from(byRows), into: scratch.tally })
}

const predicatesOf = ({ columnOf, firsts }: ItemTable, items: readonly number[]): Predicate[] =>
  items.map((item) => ({ column: columnOf[item]!, code: item - firsts[columnOf[item]!]! - 1 }))
