import type { Dataset, TableSchema } from '@panal/client-core'
import type { SegmentColumn } from '../contract.ts'
import {
  fitSegmentProfile,
  labelColumn,
  otherValue,
  profileDigest,
  segmentColumns,
  type ColumnProfile,
} from '../segment-profile.ts'
import { segmentColumnNames, type SegmentSpec } from '../segments.ts'
import type { Cells } from './cells.ts'

/** What segments and slices are made of, over all rows in their order. */
export interface RecordedSegments {
  /** The label first. */
  readonly columns: readonly SegmentColumn[]
  readonly profile: readonly ColumnProfile[]
  readonly profileSha256: string
  /** Columns of text in which most rows have a value of their own: no segment could be made of them. */
  readonly leftOut: readonly string[]
}

export interface SegmentedRows {
  readonly classes: readonly string[]
  /** [numRows] in the row order, like all that follows. */
  readonly labels: Int32Array
  /** [numRows] index into the cells' rows. */
  readonly rows: Int32Array
  readonly features: ReadonlyMap<string, Cells>
  /** Places of the rows that the profile is fitted to. */
  readonly fitTo: Int32Array
}

/**
 * Bins every column as a task's would be: numeric ones at their deciles, the others by their 50 most frequent values. One
 * column is held as text at a time.
 */
export function segmentRecorded(of: SegmentedRows, declared: readonly SegmentSpec[]): RecordedSegments {
  const { classes, labels, rows, features, fitTo } = of
  const isDeclared = new Set(segmentColumnNames(declared))
  const schema: TableSchema = { kind: 'table', columns: [], label: { column: labelColumn }, classes: [...classes] }
  const label: SegmentColumn = { name: labelColumn, values: classes, codes: labels }
  const columns = [label]
  const profile: ColumnProfile[] = []
  const leftOut: string[] = []
  const fitRows = fitTo.map((place) => rows[place]!)
  for (const [name, cells] of features) {
    const fitted = fitSegmentProfile(datasetOf(name, cells.texts(fitRows)), schema, [name]).columns
    const [, column] = segmentColumns(datasetOf(name, cells.texts(rows)), schema, { columns: fitted })
    if (column === undefined) continue
    if (!isDeclared.has(name) && isMostlyOther(column, fitTo)) {
      leftOut.push(name)
      continue
    }
    columns.push(column)
    profile.push(...fitted)
  }
  return { columns, profile, profileSha256: profileDigest({ columns: profile }), leftOut }
}

/** Of one column, and nothing else. */
const datasetOf = (name: string, texts: readonly string[]): Dataset => ({
  numExamples: texts.length,
  inputShape: [0],
  x: new Float32Array(0),
  y: new Int32Array(0),
  columns: { [name]: texts },
})

function isMostlyOther({ values, codes }: SegmentColumn, places: Int32Array): boolean {
  const other = values.indexOf(otherValue)
  if (other < 0) return false
  return places.reduce((count, place) => count + (codes[place] === other ? 1 : 0), 0) > places.length / 2
}
