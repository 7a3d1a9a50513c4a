import { isBlank, isMissing, type CsvTable } from '@panal/client-core'
import type { Stratum } from './statistics/strata.ts'

/** What of a table is compared: how often `outcome` is `value`, between two groups, stratum by stratum. */
export interface Comparison {
  readonly outcome: { readonly column: string; readonly value: string }
  /** With a value: that one against all the others. Without: the column's two, in the order of the file. */
  readonly group: { readonly column: string; readonly value?: string }
  readonly strata: string
  /** How many cases a row stands for; one where absent. */
  readonly count?: string
}

export interface ComparedTable {
  /** In the order of the file. `candidate` is the first group, `reference` the second. */
  readonly strata: readonly Stratum[]
  readonly candidate: string
  readonly reference: string
  /** Cases left out because the outcome, the group or the stratum is missing. */
  readonly numLeftOut: number
}

/** A comparison that a table cannot give, with what to do about it. */
export class ComparisonError extends Error {
  override readonly name = 'ComparisonError'
  constructor(
    readonly code: 'unknown-column' | 'unknown-value' | 'groups' | 'bad-count',
    message: string,
    readonly lines: readonly string[] = [],
  ) {
    super(message)
  }
}

/** Counts hits and cases of either group in each stratum. @throws ComparisonError */
export function strataOfTable(table: CsvTable, comparison: Comparison): ComparedTable {
  const { outcome, group, strata: stratum, count } = comparison
  const at = {
    outcome: columnOf(table, outcome.column),
    group: columnOf(table, group.column),
    stratum: columnOf(table, stratum),
    count: count === undefined ? undefined : columnOf(table, count),
  }
  const cases = table.rows.flatMap((cells, index) => {
    if (isBlank(cells)) return []
    const text = (column: number) => cells[column]!.trim()
    return {
      outcome: text(at.outcome),
      group: text(at.group),
      stratum: text(at.stratum),
      count: at.count === undefined ? 1 : countIn(text(at.count), index + 2),
    }
  })
  const told = cases.filter((each) => ![each.outcome, each.group, each.stratum].some(isMissing))
  requireValue(outcome, distinct(told.map((each) => each.outcome)))
  const { candidate, reference } = groupsOf(group, distinct(told.map((each) => each.group)))
  const tally = new Map<string, { candidate: [number, number]; reference: [number, number] }>()
  for (const each of told) {
    const arms = tally.get(each.stratum) ?? { candidate: [0, 0], reference: [0, 0] }
    const arm = arms[each.group === candidate ? 'candidate' : 'reference']
    arm[0] += each.count
    if (each.outcome === outcome.value) arm[1] += each.count
    tally.set(each.stratum, arms)
  }
  const total = (of: readonly { count: number }[]) => of.reduce((sum, each) => sum + each.count, 0)
  return {
    strata: [...tally].map(([name, arms]) => ({
      name,
      candidate: arm(arms.candidate),
      reference: arm(arms.reference),
    })),
    candidate,
    reference,
    numLeftOut: total(cases) - total(told),
  }
}

const arm = ([n, hits]: readonly [number, number]) => ({ n, hits })
const distinct = (values: readonly string[]): string[] => [...new Set(values)]

function columnOf({ header }: CsvTable, name: string): number {
  const at = header.indexOf(name)
  if (at < 0)
    throw new ComparisonError('unknown-column', `the table has no column ${JSON.stringify(name)}. Its columns:`, header)
  return at
}

/** Whole and not negative: a weight is no number of cases. */
function countIn(text: string, row: number): number {
  const count = Number(text)
  if (text === '' || !Number.isSafeInteger(count) || count < 0)
    throw new ComparisonError('bad-count', `row ${row}: a count is a whole number from 0`)
  return count
}

const maxListed = 20

function listed(values: readonly string[]): readonly string[] {
  const more = values.length - maxListed
  return more > 0 ? [...values.slice(0, maxListed), `… and ${more} more`] : values
}

function requireValue({ column, value }: { column: string; value: string }, values: readonly string[]): void {
  if (values.includes(value)) return
  throw new ComparisonError('unknown-value', `no row has ${column}=${value}. The values of ${column}:`, listed(values))
}

function groupsOf({ column, value }: Comparison['group'], values: readonly string[]) {
  if (value !== undefined) {
    requireValue({ column, value }, values)
    const others = values.filter((each) => each !== value)
    if (others.length === 0) throw new ComparisonError('groups', `every row has ${column}=${value}: there is no other`)
    return { candidate: value, reference: others.length === 1 ? others[0]! : `not ${value}` }
  }
  const [candidate, reference, ...rest] = values
  if (candidate === undefined || reference === undefined)
    throw new ComparisonError('groups', `${column} has ${values.length} values, and two groups are compared`, values)
  if (rest.length > 0)
    throw new ComparisonError(
      'groups',
      `${column} has ${values.length} values. Say which one is compared with all the others: --group ${column}=VALUE`,
      listed(values),
    )
  return { candidate, reference }
}
