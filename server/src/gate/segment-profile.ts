import { createHash } from 'node:crypto'
import { canonicalJson, isMissing, type DataSchema, type Dataset } from '@panal/client-core'
import type { SegmentColumn } from './contract.ts'
import { segmentColumnNames, type SegmentSpec } from './segments.ts'

/** How columns become a few values. Fitted once, on the evaluation set, and applied to every set of the task. */
export interface SegmentProfile {
  readonly columns: readonly ColumnProfile[]
}
export type ColumnProfile =
  | { readonly name: string; readonly kind: 'numeric'; readonly cuts: readonly number[] }
  | { readonly name: string; readonly kind: 'categorical'; readonly values: readonly string[] }

/** The built-in column: the true class. Another column of this name cannot be a segment. */
export const labelColumn = 'label'
/** What a profile does not list: a category that it never saw, or one of too many. */
export const otherValue = '(other)'

const maxBins = 10
const maxValues = 50

/**
 * Every column of the schema, and those that segments name beside them. Numeric ones are cut at the deciles of this
 * dataset, at most 10 bins; categories are the schema's, or the 50 most frequent. The dataset is named by its digest, so
 * a profile made from it is pinned with it: the task's evaluation set is the one to fit, whichever set is then binned.
 */
export function fitSegmentProfile(
  dataset: Dataset,
  data: DataSchema,
  segments: readonly SegmentSpec[],
): SegmentProfile {
  const { columns } = dataset
  if (columns === undefined || data.kind === 'image') return { columns: [] }
  const known = new Map(data.columns.map((column) => [column.name, column]))
  const names = new Set([...known.keys(), ...segmentColumnNames(segments)])
  names.delete(labelColumn)
  return {
    columns: [...names].flatMap((name): ColumnProfile[] => {
      const values = columns[name]
      if (values === undefined) return []
      const column = known.get(name)
      if (column?.kind === 'categorical') return [{ name, kind: 'categorical', values: [...column.values] }]
      return [column !== undefined || isNumeric(values) ? numericProfile(name, values) : listed(name, values)]
    }),
  }
}

/** A column that the schema does not know is numeric when all it holds are numbers, and more of them than bins. */
function isNumeric(values: readonly string[]): boolean {
  const distinct = new Set(values.filter((value) => !isMissing(value)))
  return distinct.size > maxBins && [...distinct].every((value) => Number.isFinite(Number(value)))
}

function numericProfile(name: string, values: readonly string[]): ColumnProfile {
  const sorted = Float64Array.from(values.filter((value) => !isMissing(value)).map(Number)).sort()
  const deciles = Array.from({ length: maxBins - 1 }, (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / maxBins)])
  // A cut at the least value would leave nothing below it.
  const cuts = [...new Set(deciles)].filter((cut) => cut !== undefined && cut > sorted[0]!) as number[]
  return { name, kind: 'numeric', cuts }
}

function listed(name: string, values: readonly string[]): ColumnProfile {
  const counts = new Map<string, number>()
  for (const value of values) if (!isMissing(value)) counts.set(value, (counts.get(value) ?? 0) + 1)
  const byCount = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
  return {
    name,
    kind: 'categorical',
    values: byCount
      .slice(0, maxValues)
      .map(([value]) => value)
      .sort(),
  }
}

/** SHA-256 of the profile as canonical JSON. */
export const profileDigest = (profile: SegmentProfile): string =>
  createHash('sha256').update(canonicalJson(profile)).digest('hex')

/** The label, then every column of the profile that the dataset has, as codes. */
export function segmentColumns(dataset: Dataset, data: DataSchema, profile: SegmentProfile): SegmentColumn[] {
  const label: SegmentColumn = { name: labelColumn, values: data.classes, codes: dataset.y }
  const binned = profile.columns.flatMap((column) => {
    const values = dataset.columns?.[column.name]
    if (values === undefined) return []
    return [column.kind === 'numeric' ? inBins(column, values) : inCategories(column, values)]
  })
  return [label, ...binned]
}

function inBins({ name, cuts }: ColumnProfile & { kind: 'numeric' }, values: readonly string[]): SegmentColumn {
  const codes = Int32Array.from(values, (raw) => {
    if (isMissing(raw) || !Number.isFinite(Number(raw))) return -1
    return cuts.filter((cut) => cut <= Number(raw)).length
  })
  return { name, values: rangeNames(cuts), codes }
}

/** `< 30`, `[30, 41)`, `≥ 41`; one bin alone is `any`. */
function rangeNames(cuts: readonly number[]): string[] {
  if (cuts.length === 0) return ['any']
  const between = cuts.slice(1).map((cut, i) => `[${cuts[i]!}, ${cut})`)
  return [`< ${cuts[0]!}`, ...between, `≥ ${cuts.at(-1)!}`]
}

function inCategories(
  { name, values: known }: ColumnProfile & { kind: 'categorical' },
  values: readonly string[],
): SegmentColumn {
  const codeOf = new Map(known.map((value, code) => [value, code]))
  // A category may be spelt NA or be empty: the list decides before the rule for missing values does.
  const codes = Int32Array.from(values, (raw) => codeOf.get(raw) ?? (isMissing(raw) ? -1 : known.length))
  return { name, values: codes.includes(known.length) ? [...known, otherValue] : [...known], codes }
}
