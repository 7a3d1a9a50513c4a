import {
  isMissing,
  numFeatures,
  rowEncoder,
  type Column,
  type DataSchema,
  type Dataset,
  type Rng,
  type TableSchema,
  type TaskTerms,
} from '@panal/client-core'
import { policy } from '../../policy.ts'
import { when, type DocumentError } from '../../registry/document-errors.ts'
import { atSeverity, Severity, type BySeverity, type DatasetVariation, type VaryingExamples } from './variation.ts'

/** Where a variation of a column does not fit the task. Columns that are no features cannot matter to a model. */
export function columnMisfits(name: string, { data }: TaskTerms, kind?: Column['kind']): DocumentError[] {
  if (data.kind !== 'table') return [{ path: '/column', message: 'images have no columns' }]
  const column = findFeature(data, name)
  if (column === undefined) return [{ path: '/column', message: `is none of data.columns: ${name}` }]
  return when(kind !== undefined && column.kind !== kind, '/column', `must be ${kind}`)
}

const findFeature = (schema: DataSchema, name: string): Column | undefined =>
  schema.kind === 'table' ? schema.columns.find((column) => column.name === name) : undefined

/** @throws Error where there is none of this name */
export function featureOf(schema: DataSchema, name: string): Column {
  const column = findFeature(schema, name)
  if (column === undefined) throw new Error(`no feature is called ${name}`)
  return column
}

/** What a set's present values of one numeric column are like. */
export interface NumericValues {
  /** Rising. */
  readonly sorted: Float64Array
  /** All of them are whole numbers. */
  readonly isWhole: boolean
}

export function numericValues(values: readonly string[]): NumericValues {
  const sorted = Float64Array.from(values.filter((raw) => !isMissing(raw)).map(Number)).sort()
  return { sorted, isWhole: sorted.every(Number.isInteger) }
}

/** Between order statistics, at p (n − 1): R's type 7. @throws RangeError of no values */
export function quantile({ sorted }: NumericValues, p: number): number {
  if (sorted.length === 0) throw new RangeError('quantile: no values')
  const at = p * (sorted.length - 1)
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!]
  return low + (at - Math.floor(at)) * (high - low)
}

/** A number as a cell that is like the others of its column: whole where they are, and inside their range. */
export function cellOf(value: number, { sorted, isWhole }: NumericValues): string {
  const whole = isWhole ? Math.round(value) : value
  return String(Math.min(Math.max(whole, sorted[0]!), sorted.at(-1)!))
}

/** The raw values of a column. @throws Error where the dataset kept none */
export function valuesOf({ columns }: Dataset, { name }: Column): readonly string[] {
  const values = columns?.[name]
  if (values === undefined) throw new Error(`the dataset has no raw values of column ${name}`)
  return values
}

/** What becomes of one cell; undefined: it stays. Draws from `rng` alike whatever the cell holds. */
export type CellChange = (raw: string, rng: Rng) => string | undefined

/** A perturbation of tables: how harsh it is at each severity, and what it then does to a column, if anything. */
export const tablePerturbation = (
  harshness: BySeverity,
  changeOf: (harshness: number, column: Column, values: readonly string[]) => CellChange | undefined,
) =>
  policy({
    options: { severity: Severity },
    misfits: (_, { data }) => when(data.kind !== 'table', '/name', 'is for tables'),
    make: ({ severity }): DatasetVariation => ({
      vary: (examples, schema, rng) =>
        varyCells(examples, schema, {
          rng,
          changeOf: (column, values) => changeOf(atSeverity(harshness, severity), column, values),
        }),
    }),
  })

/**
 * Each cell of each column that `changeOf` has a change for. Every example has a stream of chance of its own, by its name,
 * and draws from it column by column.
 */
function varyCells(
  { dataset, ids }: VaryingExamples,
  schema: DataSchema,
  { rng, changeOf }: { rng: Rng; changeOf: (column: Column, values: readonly string[]) => CellChange | undefined },
): Dataset {
  const changed = asTable(schema).columns.flatMap((column) => {
    const values = valuesOf(dataset, column)
    const change = changeOf(column, values)
    return change === undefined ? [] : [{ column, change, values, varied: values.slice() }]
  })
  ids.forEach((id, row) => {
    const chance = rng.fork(id)
    for (const { change, values, varied } of changed) varied[row] = change(values[row]!, chance) ?? values[row]!
  })
  return withColumns(
    dataset,
    schema,
    changed.map(({ column, varied }) => ({ column, values: varied })),
  )
}

/**
 * The dataset with other raw values in some columns. Encodes them as the reader of files does, so that standardisation and
 * the rules for missing and unlisted values hold; features of cells that did not change stay as they are, bit for bit.
 */
export function withColumns(
  dataset: Dataset,
  schema: DataSchema,
  replaced: readonly { readonly column: Column; readonly values: readonly string[] }[],
): Dataset {
  const table = asTable(schema)
  const x = dataset.x.slice()
  for (const { column, values } of replaced) encodeChanged(x, { dataset, table, column, values })
  return {
    ...dataset,
    x,
    columns: { ...dataset.columns, ...Object.fromEntries(replaced.map(({ column, values }) => [column.name, values])) },
  }
}

function encodeChanged(
  x: Float32Array,
  of: { dataset: Dataset; table: TableSchema; column: Column; values: readonly string[] },
): void {
  const { dataset, table, column, values } = of
  const before = table.columns.slice(0, table.columns.indexOf(column))
  const [offset, stride] = [numFeatures({ ...table, columns: before }), numFeatures(table)]
  const alone = { ...table, columns: [column] }
  const [width, encode] = [numFeatures(alone), rowEncoder(alone)]
  const was = valuesOf(dataset, column)
  const features = new Float32Array(width)
  values.forEach((raw, row) => {
    if (raw === was[row]) return
    features.fill(0)
    encode(() => raw, features, refuse)
    x.set(features, row * stride + offset)
  })
}

/** A variation that writes what no file could hold is a bug. */
const refuse = (column: string, message: string): never => {
  throw new Error(`a variation wrote a value into column ${column} that is ${message}`)
}

function asTable(schema: DataSchema): TableSchema {
  if (schema.kind !== 'table') throw new Error('a variation of tables was asked to vary images')
  return schema
}
