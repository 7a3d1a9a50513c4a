import type { Examples } from './contract.ts'
import { declaredSegments, segmentColumnNames, type Segment, type SegmentSpec } from './segments.ts'

/** One way to part the examples of a set, with the parts. */
export interface Stratifier {
  readonly name: string
  readonly strata: readonly Segment[]
  /** Each stratum is one client: what is asked of it is asked of this client's examples, and of no others like it. */
  readonly areClients?: boolean
}

/** Pairs of more columns than this would be looked at by the dozen, each with fewer examples. */
const maxPairedColumns = 5
const missing = '(missing)'

/**
 * Every way to part that is scanned: what the task declares, its columns in pairs, and whose the examples are. A client is
 * told by a number: who it is, no report says.
 */
export function stratifiersOf(specs: readonly SegmentSpec[], examples: Examples): Stratifier[] {
  const columns = segmentColumnNames(specs).slice(0, maxPairedColumns)
  const pairs = columns.flatMap((first, i) => columns.slice(i + 1).map((second) => ({ columns: [first, second] })))
  const named = new Map([...specs, ...pairs].map((spec) => [nameOf(spec), spec]))
  return [
    ...[...named].map(([name, spec]) => ({ name, strata: withMissing(declaredSegments([spec], examples), examples) })),
    ...cohorts(examples),
  ]
}

const nameOf = (spec: SegmentSpec): string => segmentColumnNames([spec]).join(' × ')

/** Whoever has no value is a stratum as well: the strata of a set are to add up to it. */
function withMissing(strata: readonly Segment[], { numExamples }: Examples): Segment[] {
  const seen = new Uint8Array(numExamples)
  for (const { rows } of strata) for (const row of rows) seen[row] = 1
  const rows = Int32Array.from([...seen.keys()].filter((row) => seen[row] === 0))
  const some = strata.filter((each) => each.rows.length > 0)
  return rows.length === 0 ? some : [...some, { name: missing, where: [], critical: false, rows }]
}

function cohorts({ clusters }: Examples): Stratifier[] {
  if (clusters === undefined) return []
  const rows = new Map<number, number[]>()
  clusters.forEach((cohort, row) => {
    const own = rows.get(cohort)
    if (own === undefined) rows.set(cohort, [row])
    else own.push(row)
  })
  if (rows.size < 2) return []
  const strata = [...rows]
    .sort(([a], [b]) => a - b)
    .map(([cohort, own]) => ({ name: `client ${cohort}`, where: [], critical: false, rows: Int32Array.from(own) }))
  return [{ name: 'clients', strata, areClients: true }]
}
