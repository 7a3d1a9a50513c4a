import type { GateReport, RecordedSubject } from '../protocol/gate-report.ts'
import { countOf, sayCount } from './numbers.ts'

/** A report as it can be shown: of a version, or of recorded predictions, which are judged without a clock. */
export type ShownReport = Omit<GateReport, 'judgedAt' | 'durationMs'> &
  Partial<Pick<GateReport, 'judgedAt' | 'durationMs'>>

type Subject = Pick<ShownReport, 'version' | 'champion' | 'anchor' | 'recorded' | 'taskId'>

/** What was judged, as a heading: `Model 12 of “Handwritten digits”`, `Recorded predictions p_new`. */
export function nameOfSubject({ version, recorded }: Subject, title: string | undefined): string {
  const name = recorded === undefined ? `Model ${version}` : `Recorded predictions ${recorded.candidate}`
  return title === undefined ? name : `${name} of “${title}”`
}

/** What it was compared with: versions, or the columns that stand for them. Null where there is none. */
export function referencesOf({ champion, anchor, recorded }: Subject): Record<'champion' | 'anchor', string | null> {
  if (recorded !== undefined) return recorded
  const model = (version: number | null) => (version === null ? null : `model ${version}`)
  return { champion: model(champion), anchor: anchor === champion ? null : model(anchor) }
}

/** `4,800 of 6,000 rows judge; 1,200 are for calibration; by a hash of their ids`. */
export function saySets({ numRows, sets, split }: RecordedSubject): string {
  if (split === 'none') return `all ${countOf(numRows, 'row')} judge`
  return [
    `${sayCount(sets.gate)} of ${countOf(numRows, 'row')} judge`,
    ...(sets.calibration > 0 ? [`${sayCount(sets.calibration)} are for calibration`] : []),
    split === 'hash' ? 'told apart by a hash of their ids' : 'told apart by a column',
  ].join('; ')
}
