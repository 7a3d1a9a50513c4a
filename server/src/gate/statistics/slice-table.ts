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

/** The rows on which all of them hold, rising. */
export function rowsOf(
  { columns }: CategoryTable,
  { predicates }: { readonly predicates: readonly Predicate[] },
  numRows: number,
): Int32Array {
  const rows: number[] = []
  for (let row = 0; row < numRows; row++)
    if (predicates.every(({ column, code }) => columns[column]![row] === code)) rows.push(row)
  return Int32Array.from(rows)
}

/** Rows, errors and sizes of one predicate more, for every value of some columns at once. */
export interface Tally {
  readonly sizes: Int32Array
  readonly sums: Float64Array
  readonly maxima: Float64Array
}

/**
 * The table by rows, for counting: each value of each column is one *item*, numbered by column and code, and each column
 * has one more for what is missing. 4 bytes a cell; all of a row's items lie in one cache line or two.
 */
export interface ItemTable {
  readonly numRows: number
  readonly numColumns: number
  /** [numRows, numColumns] */
  readonly items: Int32Array
  /** [numColumns + 1] first item of each column: that of missing values; the item of code k is 1 + k after it. */
  readonly firsts: Int32Array
  /** [items] */
  readonly columnOf: Int32Array
}

/** @throws RangeError on a code that its column does not have */
export function itemTable({ columns, cardinalities }: CategoryTable, numRows: number): ItemTable {
  const numColumns = columns.length
  const firsts = new Int32Array(numColumns + 1)
  cardinalities.forEach((cardinality, c) => (firsts[c + 1] = firsts[c]! + 1 + cardinality))
  const columnOf = new Int32Array(firsts[numColumns]!)
  const items = new Int32Array(numRows * numColumns)
  columns.forEach((codes, c) => {
    const [first, cardinality] = [firsts[c]!, cardinalities[c]!]
    columnOf.fill(c, first, firsts[c + 1])
    for (let row = 0; row < numRows; row++) {
      const code = codes[row]!
      if (!(code >= -1 && code < cardinality))
        throw new RangeError(`slices: code ${code} in column ${c} of ${cardinality}`)
      items[row * numColumns + c] = first + 1 + code
    }
  })
  return { numRows, numColumns, items, firsts, columnOf }
}

/** Some rows of a table, those with an error first. */
export interface Rows {
  readonly rows: Int32Array
  /** How many of them have an error over 0. */
  readonly numWrong: number
}

/** All rows; both parts rising. */
export function wrongFirst(errors: Float64Array): Rows {
  const all = Int32Array.from(errors.keys())
  const wrong = all.filter((row) => errors[row]! > 0)
  const rows = new Int32Array(all.length)
  rows.set(wrong)
  rows.set(
    all.filter((row) => !(errors[row]! > 0)),
    wrong.length,
  )
  return { rows, numWrong: wrong.length }
}

/** Adds the errors of the rows to the tally of the items they have in these columns. Cost: wrong rows × columns. */
export function addErrors(
  { items, numColumns }: ItemTable,
  errors: Float64Array,
  { rows: { rows, numWrong }, columns, into }: Counted,
): void {
  const { sums, maxima } = into
  const numCounted = columns.length
  for (let i = 0; i < numWrong; i++) {
    const row = rows[i]!
    const start = row * numColumns
    const error = errors[row]!
    for (let j = 0; j < numCounted; j++) {
      const item = items[start + columns[j]!]!
      sums[item]! += error
      if (error > maxima[item]!) maxima[item] = error
    }
  }
}

/** Adds the rows to the sizes of the items they have in these columns. Cost: rows × columns. */
export function addSizes({ items, numColumns }: ItemTable, { rows: { rows }, columns, into }: Counted): void {
  const { sizes } = into
  const numCounted = columns.length
  for (let i = 0; i < rows.length; i++) {
    const start = rows[i]! * numColumns
    for (let j = 0; j < numCounted; j++) sizes[items[start + columns[j]!]!]! += 1
  }
}

/** Rows in columns. */
export interface Counted {
  readonly rows: Rows
  readonly columns: Int32Array
  readonly into: Tally
}

/** Empties what was added: by columns, or by rows where these are fewer than a column has values. */
export function clear({ items, numColumns, firsts }: ItemTable, { rows: { rows }, columns, into }: Counted): void {
  for (const column of columns) {
    const [from, to] = [firsts[column]!, firsts[column + 1]!]
    if (to - from <= rows.length) for (const each of [into.sizes, into.sums, into.maxima]) each.fill(0, from, to)
    else
      for (const row of rows) {
        const item = items[row * numColumns + column]!
        into.sizes[item] = into.sums[item] = into.maxima[item] = 0
      }
  }
}

/** What is asked of a partition: the wanted items of one column, and how many of the rows have each. */
export interface Parts {
  readonly column: number
  readonly items: readonly number[]
  readonly sizes: readonly number[]
}

/**
 * Splits rows by their item in a column: the rows of each wanted item, in the order they had, as views into `buffer` (at least as long
 * as the rows). `slotOf` [items] is scratch: 0 everywhere before and after. One pass.
 */
export function partition(
  { items, numColumns }: ItemTable,
  { rows, numWrong }: Rows,
  { parts, buffer, slotOf }: { readonly parts: Parts; readonly buffer: Int32Array; readonly slotOf: Int32Array },
): Rows[] {
  const { column, sizes } = parts
  const ends: number[] = [0]
  const next = new Int32Array(sizes.length)
  parts.items.forEach((item, slot) => {
    slotOf[item] = slot + 1
    next[slot] = ends[slot]!
    ends.push(ends[slot]! + sizes[slot]!)
  })
  const place = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      const row = rows[i]!
      const slot = slotOf[items[row * numColumns + column]!]!
      if (slot > 0) buffer[next[slot - 1]!++] = row
    }
  }
  place(0, numWrong)
  const wrong = Array.from(next, (end, slot) => end - ends[slot]!)
  place(numWrong, rows.length)
  for (const item of parts.items) slotOf[item] = 0
  return wrong.map((own, slot) => ({ rows: buffer.subarray(ends[slot], ends[slot + 1]), numWrong: own }))
}
