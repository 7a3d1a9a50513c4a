import { createHash } from 'node:crypto'
import { RecordedError, shown } from './recorded-error.ts'
import type { RecordedRows } from './read-rows.ts'
import type { RowOrder } from './row-order.ts'

const setNames = ['evaluation', 'calibration', 'gate'] as const
export type SetName = (typeof setNames)[number]

/** Which rows are in which set, as places in the row order, rising. */
export interface RowSets {
  readonly gate: Int32Array
  /** The gate's rows where the data set none apart. */
  readonly evaluation: Int32Array
  readonly calibration: Int32Array | null
  readonly by: 'column' | 'hash' | 'none'
}

/**
 * As the column of splits says; else `share` of the rows is set aside for calibration, by a hash of the row's id, or of its
 * client where there are clients; else every row judges.
 * @throws RecordedError 'bad-split'
 */
export function setsOf(recorded: RecordedRows, order: RowOrder, share: number | undefined): RowSets {
  const { splits } = recorded
  if (splits !== undefined) return setsByColumn(recorded, order, splits)
  const all = Int32Array.from(order.rows.keys())
  if (share === undefined) return { gate: all, evaluation: all, calibration: null, by: 'none' }
  const { clients } = recorded
  const nameOf = (place: number): string =>
    clients === undefined ? order.ids[place]! : `client ${clients.values[clients.codes[order.rows[place]!]!]!}`
  const isAside = (place: number): boolean => hashed(nameOf(place)) < share
  const gate = all.filter((place) => !isAside(place))
  const calibration = all.filter(isAside)
  if (gate.length === 0 || calibration.length === 0)
    throw new RecordedError(
      'bad-split',
      `${all.length} rows cannot be split: ${calibration.length} would be for calibration and ${gate.length} would judge`,
    )
  return { gate, evaluation: gate, calibration, by: 'hash' }
}

/** Uniform in [0, 1), from 32 bits of SHA-256. */
const hashed = (name: string): number =>
  createHash('sha256').update(`calibration/${name}`).digest().readUInt32BE() / 2 ** 32

function setsByColumn(
  { numbers }: RecordedRows,
  { rows }: RowOrder,
  { values, codes }: NonNullable<RecordedRows['splits']>,
): RowSets {
  const setOf = values.map((value) => setNames.find((name) => name === value.toLowerCase()))
  const stray = codes.findIndex((code) => setOf[code] === undefined)
  if (stray >= 0)
    throw new RecordedError(
      'bad-split',
      `row ${numbers[stray]!}: the split is ${shown(values[codes[stray]!]!)}, and it must be one of ${setNames.join(', ')}`,
    )
  const of = (name: SetName): Int32Array =>
    Int32Array.from(rows.keys()).filter((place) => setOf[codes[rows[place]!]!] === name)
  const [gate, evaluation, calibration] = [of('gate'), of('evaluation'), of('calibration')]
  if (gate.length === 0) throw new RecordedError('bad-split', 'no row has the split gate, and only those judge')
  return {
    gate,
    evaluation: evaluation.length === 0 ? gate : evaluation,
    calibration: calibration.length === 0 ? null : calibration,
    by: 'column',
  }
}
