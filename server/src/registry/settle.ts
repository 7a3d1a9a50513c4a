import type { GateReport, RoundOutcome, RoundSummary } from '@panal/client-core'
import type { ClosedRound } from '../round/state.ts'
import { claimOf } from './look-rows.ts'
import type { VersionStatus } from './model-version.ts'

type Outcome = Exclude<RoundOutcome, 'abandoned'>

const outcomes = {
  PASS: 'promoted',
  WARN: 'promoted',
  NOT_ENOUGH_DATA: 'held',
  ERROR: 'held',
  NO_CHANGE: 'held',
  BLOCK: 'rejected',
} as const satisfies Record<GateReport['verdict'], Outcome>

/**
 * What a gate report means for a candidate, given who is champion now. A report that compared with another champion
 * (an admin moved it meanwhile) does not promote: nobody has compared the candidate with the present one.
 */
export function settle(
  report: GateReport,
  champion: number | null,
): { outcome: Outcome; status: VersionStatus; reason: string } {
  const { verdict, reason } = report
  const said = outcomes[verdict]
  // Its soundness could not be found out (the evaluator died, say): nothing is known against it, and nothing for it.
  if (!report.sound && verdict === 'ERROR') return { outcome: said, status: 'candidate', reason }
  if (!report.sound) return { outcome: said === 'promoted' ? 'rejected' : said, status: 'unsound', reason }
  if (said === 'promoted' && report.champion !== champion)
    return { outcome: 'held', status: 'held', reason: 'the champion was changed while this candidate was judged' }
  return { outcome: said, status: said, reason }
}

/** The first champion; later one that was accepted as better than the very anchor of now. */
export const mayBeAnchor = (report: GateReport, anchor: number | null): boolean =>
  anchor === null || (report.anchor === anchor && claimOf(report)?.accepted === true)

/** What the summary of a judged round says. */
export const concluded = (summary: RoundSummary, closed: ClosedRound, report: GateReport): RoundSummary => ({
  ...summary,
  phase: 'closed',
  outcome: closed.outcome,
  reason: closed.reason,
  closedAt: closed.closedAt,
  gateMs: Math.max(0, Math.round(report.durationMs)),
  ...(report.evaluation !== null && { accuracy: report.evaluation.accuracy, logLoss: report.evaluation.logLoss }),
})
