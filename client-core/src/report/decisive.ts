import type { CheckResult, CheckRow } from '../protocol/gate-report.ts'
import type { ShownReport } from './subject.ts'

/** What a verdict rests on. */
export interface Decisive {
  readonly check: CheckResult
  /** The rows that weighed; none where the check measured nothing. */
  readonly rows: readonly CheckRow[]
}

/** Most rows that are shown as what decided. */
const maxRows = 3
const maxChecks = 4

/**
 * The checks that decided: of a verdict that one check gave, this one with its worst rows, and of a block every check that
 * blocks; of a pass, those that were passed with a measurement. Empty where the verdict comes from no check, such as
 * NO_CHANGE.
 */
export function decisiveOf({ checks, verdict, reason }: ShownReport): Decisive[] {
  if (verdict === 'PASS') return passed(checks)
  const check = checks.find((each) => reason.endsWith(`${each.check}: ${each.reason}`))
  if (check === undefined) return []
  const others = verdict === 'BLOCK' ? checks.filter((each) => each !== check && each.verdict === 'BLOCK') : []
  return [check, ...others].slice(0, maxChecks).map((each) => ({ check: each, rows: worstRows(each) }))
}

function passed(checks: readonly CheckResult[]): Decisive[] {
  return checks
    .flatMap((check) => {
      const row = check.rows.find(({ interval, verdict }) => interval !== undefined && verdict === 'PASS')
      return check.verdict !== 'PASS' || row === undefined ? [] : [{ check, rows: [row] }]
    })
    .slice(0, maxChecks)
}

/** Those with the check's own verdict, the one whose sentence it took first. */
function worstRows({ verdict, reason, rows }: CheckResult): CheckRow[] {
  const like = rows.filter((row) => row.verdict === verdict)
  const said = like.find((row) => row.reason === reason)
  return [...(said === undefined ? [] : [said]), ...like.filter((row) => row !== said)].slice(0, maxRows)
}
