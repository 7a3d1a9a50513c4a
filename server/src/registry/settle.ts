import type { GateReport, RoundOutcome } from '@panal/client-core'
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
