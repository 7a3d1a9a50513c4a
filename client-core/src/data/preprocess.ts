import type { Column, TableSchema } from '../protocol/data-schema.ts'

/** How a missing value is written: nothing, or R's NA. Surrounding spaces do not count. */
export const isMissing = (raw: string): boolean => {
  const text = raw.trim()
  return text === '' || text === 'NA'
}

const number = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

const columnFeatures = (column: Column): string[] => [
  ...(column.kind === 'numeric' ? [column.name] : column.values.map((value) => `${column.name}=${value}`)),
  ...(column.missing === 'indicator' ? [`${column.name} missing`] : []),
]

/** One name for each feature of an encoded row, in order: `Age`, `Home=rent`, `Income missing`. */
export const featureNames = (schema: TableSchema): string[] => schema.columns.flatMap(columnFeatures)

/** Length of an encoded row. */
export const numFeatures = (schema: TableSchema): number =>
  schema.columns.reduce(
    (sum, column) =>
      sum + (column.kind === 'numeric' ? 1 : column.values.length) + (column.missing === 'indicator' ? 1 : 0),
    0,
  )

/** Writes the features of one row of raw values into `features`, which must be zeros. */
export type RowEncoder = (
  rawOf: (columnIndex: number) => string,
  features: Float32Array,
  onProblem: (column: string, message: string) => void,
) => void

/** Look-ups made once for many rows. */
export function rowEncoder(schema: TableSchema): RowEncoder {
  const indexOf = schema.columns.map((column) =>
    column.kind === 'numeric' ? undefined : new Map(column.values.map((value, index) => [value, index])),
  )
  return (rawOf, features, onProblem) => {
    let at = 0
    schema.columns.forEach((column, columnIndex) => {
      const raw = rawOf(columnIndex).trim()
      let missing = isMissing(raw)
      if (column.kind === 'numeric') {
        // A missing value is the mean, and the mean standardises to 0.
        if (!missing) {
          if (number.test(raw) && Number.isFinite(Number(raw))) features[at] = (Number(raw) - column.mean) / column.std
          else onProblem(column.name, 'not a number; a missing one is empty or NA')
        }
        at += 1
      } else {
        // A category may be spelt NA or be empty: the list decides before the rule for missing values does.
        const index = indexOf[columnIndex]!.get(raw)
        missing = index === undefined
        if (index !== undefined) features[at + index] = 1
        at += column.values.length
      }
      if (column.missing === 'indicator') features[at++] = missing ? 1 : 0
    })
  }
}
