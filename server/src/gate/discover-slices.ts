import { createHash } from 'node:crypto'
import type { CheckRow } from '@panal/client-core'
import type { Pair } from './compared.ts'
import type { Examples, SegmentColumn } from './contract.ts'
import { count } from './say.ts'
import type { Discordance } from './statistics/discordance.ts'
import { logLosses } from './statistics/log-loss.ts'
import { sliceLine, type SliceSearch } from './statistics/slice-line.ts'
import { distinctSlices, type Slice } from './statistics/slice-rank.ts'
import { rowsOf, type CategoryTable } from './statistics/slice-table.ts'

export interface SearchSettings {
  /** Slices that are wanted. */
  readonly k: number
  readonly maxLevel: number
  readonly maxSlices: number
}

/** Examples to find slices on, and others to confirm them. */
export interface Halves {
  readonly discovery: Int32Array
  readonly confirmation: Int32Array
}

/**
 * By a hash of the example's id, or of its client's where there are clients: the same examples round for round, whoever
 * else is in the set.
 */
export function splitInHalf({ ids, clusters, clusterIds, numExamples }: Examples, seed: string): Halves {
  const isFirst = new Map<string, boolean>()
  const inFirst = (name: string) => {
    const known = isFirst.get(name) ?? (createHash('sha256').update(`${seed}/${name}`).digest()[0]! & 1) === 0
    isFirst.set(name, known)
    return known
  }
  const rows = Int32Array.from({ length: numExamples }, (_, row) => row)
  const nameOf = (row: number) =>
    clusters === undefined ? ids[row]! : `client ${clusterIds?.[clusters[row]!] ?? clusters[row]!}`
  return {
    discovery: rows.filter((row) => inFirst(nameOf(row))),
    confirmation: rows.filter((row) => !inFirst(nameOf(row))),
  }
}

/** A slice with its accuracy where it was found. */
export interface FoundSlice {
  readonly where: readonly { readonly column: string; readonly value: string }[]
  readonly slice: Slice
  readonly discovery: Discordance
}

/** The slices on which the candidate's log loss rose most, worst first; `cut` where not all were looked at. */
export function discoverSlices(
  { candidate, reference }: Pair,
  { segments, rows, changes }: { segments: readonly SegmentColumn[]; rows: Int32Array; changes: Int8Array },
  { k, maxLevel, maxSlices }: SearchSettings,
): { readonly found: readonly FoundSlice[]; readonly cut: CheckRow | undefined } {
  const [ours, theirs] = [logLosses(candidate), logLosses(reference)]
  const regressions = Float64Array.from(rows, (row) => Math.max(0, ours[row]! - theirs[row]!))
  const table = tableOf(segments, rows)
  // Of more than are wanted, for some will be nearly the same rows.
  const searched = sliceLine(table, regressions, { k: 3 * k, maxLevel, maxCounted: maxSlices })
  const found = distinctSlices(table, searched.slices, rows.length)
    .slice(0, k)
    .map((slice) => {
      const members = rowsOf(table, slice, rows.length).map((at) => rows[at]!)
      const where = slice.predicates.map(({ column, code }) => ({
        column: segments[column]!.name,
        value: segments[column]!.values[code]!,
      }))
      return { slice, where, discovery: countChanges(changes, members) }
    })
  return { found, cut: cutRow(searched, rows.length) }
}

/** Says aloud that the search was not finished: what was not looked at may be the worst. */
function cutRow({ unfinishedLevel, numCounted }: SliceSearch, n: number): CheckRow | undefined {
  if (unfinishedLevel === undefined) return undefined
  const level = unfinishedLevel === 1 ? 'one column' : `${unfinishedLevel} columns`
  return {
    metric: 'slices searched',
    n,
    verdict: 'NOT_ENOUGH_DATA',
    reason: `Sought among the first ${count(numCounted, 'slice')} only: not all of ${level} were looked at. A lower "maxLevel" or a higher "maxSlices" lets the search end.`,
  }
}

/** @param changes [numExamples] 1 where the candidate alone is right, −1 where the champion alone is, else 0 */
export function countChanges(changes: Int8Array, rows: Int32Array): Discordance {
  let [lost, won] = [0, 0]
  for (const row of rows) {
    if (changes[row] === 1) won++
    if (changes[row] === -1) lost++
  }
  return { n: rows.length, lost, won }
}

/** These rows, by number. */
export const tableOf = (segments: readonly SegmentColumn[], rows: Int32Array): CategoryTable => ({
  columns: segments.map(({ codes }) => rows.map((row) => codes[row]!)),
  cardinalities: segments.map(({ values }) => values.length),
})
