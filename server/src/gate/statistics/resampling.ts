import type { Rng } from '@panal/client-core'
import { drawBinomial } from './binomial-draw.ts'

/**
 * What a bootstrap draws from: units (an example, or all examples of one client), each with what it adds to the totals
 * that a metric is made of. Units that add the same are kept once, in an order that follows from what they add: the order
 * of the examples cannot matter. Sparse: unit u adds `values[e]` to total `indices[e]` for offsets[u] ≤ e < offsets[u + 1].
 */
export interface Units {
  readonly numTotals: number
  /** [distinct units] how many of each there are. */
  readonly multiplicities: Int32Array
  /** Σ multiplicities: how many are drawn. */
  readonly numUnits: number
  /** [distinct units + 1] */
  readonly offsets: Int32Array
  readonly indices: Int32Array
  readonly values: Float64Array
}

/** Of one cluster: [total, value] by rising total. */
type Entries = readonly (readonly [number, number])[]

/** First by which totals they add to, then by how much. */
function compare(a: Entries, b: Entries): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = a[i]![0] - b[i]![0] || a[i]![1] - b[i]![1]
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

function unitsOf(all: Entries[], numTotals: number): Units {
  const sorted = all.sort(compare)
  const distinct: Entries[] = []
  const multiplicities: number[] = []
  for (const each of sorted) {
    const last = distinct.at(-1)
    if (last !== undefined && compare(last, each) === 0) multiplicities[multiplicities.length - 1]! += 1
    else {
      distinct.push(each)
      multiplicities.push(1)
    }
  }
  const offsets = new Int32Array(distinct.length + 1)
  distinct.forEach((each, u) => (offsets[u + 1] = offsets[u]! + each.length))
  const entries = distinct.flat()
  return {
    numTotals,
    multiplicities: Int32Array.from(multiplicities),
    numUnits: all.length,
    offsets,
    indices: Int32Array.from(entries, ([index]) => index),
    values: Float64Array.from(entries, ([, value]) => value),
  }
}

/**
 * Totals are how many examples fall into each cell: for metrics of labels and answers. A few cells, however many examples:
 * a replicate then costs as much with a million examples as with a thousand.
 * @param cells [numExamples] in [0, numCells)
 * @param clusters [numExamples] the client of each example, where they came in clusters
 */
export function cellUnits(cells: ArrayLike<number>, numCells: number, clusters?: ArrayLike<number>): Units {
  if (clusters === undefined) {
    const counts = new Int32Array(numCells)
    for (let i = 0; i < cells.length; i++) counts[cells[i]!]! += 1
    const present = Int32Array.from(counts.keys()).filter((cell) => counts[cell]! > 0)
    return {
      numTotals: numCells,
      multiplicities: present.map((cell) => counts[cell]!),
      numUnits: cells.length,
      offsets: Int32Array.from({ length: present.length + 1 }, (_, u) => u),
      indices: present,
      values: new Float64Array(present.length).fill(1),
    }
  }
  const byCluster = new Map<number, Map<number, number>>()
  for (let i = 0; i < cells.length; i++) {
    const counts = byCluster.get(clusters[i]!) ?? new Map<number, number>()
    byCluster.set(clusters[i]!, counts.set(cells[i]!, (counts.get(cells[i]!) ?? 0) + 1))
  }
  const entries = [...byCluster.values()].map((counts) => [...counts].sort(([a], [b]) => a - b))
  return unitsOf(entries, numCells)
}

/**
 * Totals are the sums of columns, each with a value per example. Within a cluster a column is summed in the order of the
 * values, so that the order of the examples does not change the rounding either.
 */
export function sumUnits(columns: readonly ArrayLike<number>[], clusters?: ArrayLike<number>): Units {
  const order = sortedBy(columns)
  if (clusters !== undefined) return sumUnits(sumsByCluster(columns, clusters, order))
  const distinct: number[] = []
  const multiplicities: number[] = []
  for (const row of order) {
    const last = distinct.at(-1)
    if (last !== undefined && columns.every((column) => column[row] === column[last]))
      multiplicities[multiplicities.length - 1]! += 1
    else {
      distinct.push(row)
      multiplicities.push(1)
    }
  }
  const d = columns.length
  return {
    numTotals: d,
    multiplicities: Int32Array.from(multiplicities),
    numUnits: order.length,
    offsets: Int32Array.from({ length: distinct.length + 1 }, (_, u) => u * d),
    indices: Int32Array.from({ length: distinct.length * d }, (_, e) => e % d),
    values: Float64Array.from(
      { length: distinct.length * d },
      (_, e) => columns[e % d]![distinct[Math.floor(e / d)]!]!,
    ),
  }
}

/** Rows by their first column, then by the next. */
function sortedBy(columns: readonly ArrayLike<number>[]): Uint32Array {
  return Uint32Array.from({ length: columns[0]?.length ?? 0 }, (_, row) => row).sort((a, b) => {
    for (const column of columns) if (column[a] !== column[b]) return column[a]! - column[b]!
    return 0
  })
}

function sumsByCluster(
  columns: readonly ArrayLike<number>[],
  clusters: ArrayLike<number>,
  order: Uint32Array,
): Float64Array[] {
  const numbers = new Map<number, number>()
  for (const row of order) if (!numbers.has(clusters[row]!)) numbers.set(clusters[row]!, numbers.size)
  return columns.map((column) => {
    const sums = new Float64Array(numbers.size)
    for (const row of order) sums[numbers.get(clusters[row]!)!]! += column[row]!
    return sums
  })
}

/** Σ weight · what the unit adds, into `totals`. */
export function addUp(units: Units, weights: ArrayLike<number>, totals: Float64Array): void {
  const { offsets, indices, values } = units
  totals.fill(0)
  for (let u = 0; u < offsets.length - 1; u++) {
    const weight = weights[u]!
    if (weight === 0) continue
    for (let e = offsets[u]!; e < offsets[u + 1]!; e++) totals[indices[e]!]! += weight * values[e]!
  }
}

/** Units of which there are so many are drawn by a binomial, which costs about as much as 60 draws one by one. */
const fewestForBinomial = 64

/**
 * A function that draws as many units as there are, with replacement, and writes how often each distinct one came into
 * `weights`: multinomial. First how many of each frequent kind, then the rest one by one.
 */
export function resampler({ multiplicities, numUnits }: Units): (weights: Int32Array, rng: Rng) => void {
  const frequent = Array.from(multiplicities.keys()).filter((u) => multiplicities[u]! >= fewestForBinomial)
  const numFrequent = frequent.reduce((sum, u) => sum + multiplicities[u]!, 0)
  const rest = new Int32Array(numUnits - numFrequent)
  let at = 0
  multiplicities.forEach((count, u) => {
    if (count < fewestForBinomial) rest.fill(u, at, (at += count))
  })
  return (weights, rng) => {
    weights.fill(0)
    let [drawsLeft, unitsLeft] = [numUnits, numUnits]
    for (const u of frequent) {
      const count = multiplicities[u]!
      weights[u] = drawBinomial(drawsLeft, count / unitsLeft, rng)
      drawsLeft -= weights[u]
      unitsLeft -= count
    }
    const numRest = rest.length
    for (let i = 0; i < drawsLeft; i++) weights[rest[(rng.uniform() * numRest) | 0]!]! += 1
  }
}
