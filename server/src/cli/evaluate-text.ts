import { checkName, type CheckResult, type CheckRow } from '@panal/client-core'
import type { RecordedReport } from '../gate/recorded/judge-recorded.ts'
import { decimals, fields, percent, table } from './output.ts'

const meaning: Readonly<Record<RecordedReport['verdict'], string>> = {
  PASS: 'promote',
  WARN: 'promote, and look at what it warns of',
  NOT_ENOUGH_DATA: 'hold: the examples cannot tell',
  NO_CHANGE: 'hold: the candidate is the champion',
  ERROR: 'hold: a check could not be made',
  BLOCK: 'block',
}
const maxRows = 12

/** A report as a person reads it: the verdict, what decided it, what was judged, every check. */
export function evaluateText(report: RecordedReport): string {
  const { verdict, reason, checks } = report
  return [
    `${verdict}: ${meaning[verdict]}`,
    reason,
    ...decisive(report),
    '',
    fields(subject(report)),
    table(
      ['check', 'verdict', 'reason'],
      checks.map((check) => [checkName(check), check.verdict, check.reason]),
    ),
  ].join('\n')
}

/** What lies behind the reason: of a block the rows of every check that blocks, else those of the one that decided. */
function decisive({ verdict, reason, checks }: RecordedReport): string[] {
  const rows = checks
    .filter((check) => (verdict === 'BLOCK' ? check.verdict === verdict : reason === `${check.check}: ${check.reason}`))
    .flatMap((check) => check.rows.filter((row) => row.verdict === check.verdict).map((row) => ({ check, row })))
  if (rows.length === 0) return []
  const more = rows.length > maxRows ? [`… and ${rows.length - maxRows} more`] : []
  const head = ['check', 'measured', 'where', 'estimate', 'interval', 'margin', 'n']
  return ['', table(head, rows.slice(0, maxRows).map(rowCells)).trimEnd(), ...more]
}

const rowCells = ({ check, row }: { check: CheckResult; row: CheckRow }) => [
  checkName(check),
  row.metric,
  row.segment ?? 'all',
  decimals(row.estimate),
  row.interval && `${decimals(row.interval[0])} to ${decimals(row.interval[1])}`,
  decimals(row.margin),
  row.n,
]

function subject({ recorded, gate, taskId }: RecordedReport) {
  const { candidate, champion, anchor, classes, numRows, seed, leftOut } = recorded
  return {
    evaluation: taskId,
    candidate,
    champion: champion ?? 'none yet',
    anchor: anchor ?? undefined,
    rows: `${numRows}: ${setsText(recorded)}`,
    classes: classes.length === 2 ? `${classes.join(', ')}; ${classes[1]!} is the positive one` : classes.join(', '),
    accuracy: percent(gate?.accuracy),
    'log loss': decimals(gate?.logLoss),
    ...(leftOut.length > 0 && { 'no segments of': `${leftOut.join(', ')}: nearly every row has a text of its own` }),
    seed,
  }
}

function setsText({ sets, split }: RecordedReport['recorded']): string {
  if (split === 'none') return 'all of them judge'
  const apart = sets.calibration > 0 ? `, ${sets.calibration} are for calibration` : ''
  return `${sets.gate} judge${apart}, by ${split === 'hash' ? 'a hash of their ids' : 'their column'}`
}
