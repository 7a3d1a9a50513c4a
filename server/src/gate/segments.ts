import { Type, type Static } from 'typebox'
import type { Examples, SegmentColumn } from './contract.ts'

const ColumnName = Type.String({ minLength: 1, maxLength: 80 })

/** What a task says of one segmentation: a column, or several crossed with each other. */
export const SegmentSpec = Type.Union([
  ColumnName,
  Type.Object(
    {
      columns: Type.Array(ColumnName, {
        minItems: 1,
        maxItems: 3,
        uniqueItems: true,
        description: 'several are crossed: each combination of their values is a segment',
      }),
      critical: Type.Optional(
        Type.Boolean({
          default: false,
          description: 'every such segment must be shown to be no worse, and not merely not be shown to be worse',
        }),
      ),
    },
    { additionalProperties: false },
  ),
])
export type SegmentSpec = Static<typeof SegmentSpec>

const asObject = (spec: SegmentSpec) => (typeof spec === 'string' ? { columns: [spec] } : spec)

/** Each column that a segmentation names, once. */
export const segmentColumnNames = (specs: readonly SegmentSpec[]): string[] => [
  ...new Set(specs.flatMap((spec) => asObject(spec).columns)),
]

/** Examples that share their values of one or more columns. */
export interface Segment {
  /** `Home=rent`, or crossed `Home=rent, Job=fixed`. */
  readonly name: string
  readonly where: readonly { readonly column: string; readonly value: string }[]
  readonly critical: boolean
  /** Rising indices into the set's canonical order; empty where the set has no such example. */
  readonly rows: Int32Array
}

/**
 * Every segment that the task declares, in its order, one for each value (or combination of values) of its columns. Values
 * that no example has are listed with no rows: what cannot be judged is not to vanish. Of crossed columns only
 * combinations that occur are listed, for most cannot.
 * @throws Error where the set lacks a column
 */
export const declaredSegments = (specs: readonly SegmentSpec[], { segments }: Pick<Examples, 'segments'>): Segment[] =>
  specs.flatMap((spec) => {
    const { columns: names, critical = false } = asObject(spec)
    const columns = names.map((name) => {
      const column = segments.find((each) => each.name === name)
      if (column === undefined) throw new Error(`the set has no column ${name} to tell segments by`)
      return column
    })
    return segmentsOf(columns, critical)
  })

function segmentsOf(columns: readonly SegmentColumn[], critical: boolean): Segment[] {
  const rows = new Map<number, number[]>()
  if (columns.length === 1) columns[0]!.values.forEach((_, code) => rows.set(code, []))
  const n = columns[0]!.codes.length
  for (let row = 0; row < n; row++) {
    const combination = combinationOf(columns, row)
    if (combination < 0) continue
    const of = rows.get(combination)
    if (of === undefined) rows.set(combination, [row])
    else of.push(row)
  }
  return [...rows]
    .sort(([a], [b]) => a - b)
    .map(([combination, members]) => {
      const where = valuesOf(columns, combination)
      const name = where.map(({ column, value }) => `${column}=${value}`).join(', ')
      return { name, where, critical, rows: Int32Array.from(members) }
    })
}

/** Codes of a row as one number, the first column's highest; −1 where one is missing. */
function combinationOf(columns: readonly SegmentColumn[], row: number): number {
  let combination = 0
  for (const { codes, values } of columns) {
    const code = codes[row]!
    if (code < 0) return -1
    combination = combination * values.length + code
  }
  return combination
}

function valuesOf(columns: readonly SegmentColumn[], combination: number): Segment['where'] {
  let left = combination
  return [...columns]
    .reverse()
    .map(({ name, values }) => {
      const value = values[left % values.length]!
      left = Math.floor(left / values.length)
      return { column: name, value }
    })
    .reverse()
}
