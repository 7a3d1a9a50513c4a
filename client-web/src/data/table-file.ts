import type { TableSchema } from '@panal/client-core'

/** One row that cannot be used, and why. `row` counts as a spreadsheet does: the header is row 1. */
export interface RefusedRow {
  readonly row: number
  readonly reason: string
}

/** What reading a data source came to. */
export interface DataSummary {
  readonly numExamples: number
  /** Examples of each class, in the order of the schema's classes. */
  readonly perClass: readonly number[]
  readonly refused: readonly RefusedRow[]
}

/** Examples of each class. */
export function countPerClass(y: ArrayLike<number>, numClasses: number): number[] {
  const counts = Array.from({ length: numClasses }, () => 0)
  for (let i = 0; i < y.length; i++) {
    const index = y[i] ?? -1
    if (counts[index] !== undefined) counts[index]++
  }
  return counts
}

/** Refused rows by reason, the most frequent first; each with the first few row numbers. */
export function groupRefusals(refused: readonly RefusedRow[], numShown = 5) {
  const byReason = new Map<string, number[]>()
  for (const { row, reason } of refused) byReason.set(reason, [...(byReason.get(reason) ?? []), row])
  return [...byReason]
    .map(([reason, rows]) => ({ reason, count: rows.length, firstRows: rows.slice(0, numShown) }))
    .sort((a, b) => b.count - a.count)
}

/** Header of the CSV file that a task expects. */
export const expectedHeader = (schema: TableSchema): string[] => [
  ...schema.columns.map(({ name }) => name),
  schema.label.column,
]
