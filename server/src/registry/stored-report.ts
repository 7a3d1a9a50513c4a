import type { CheckResult, CheckRow, GateReport } from '@panal/client-core'

/** Until reports had rows, a check had the fields of its one row itself. */
type EarlierResult = Omit<CheckResult, 'rows'> & Partial<CheckRow> & { readonly rows?: CheckResult['rows'] }

/** A report as the database has it, in today's form. */
export function readReport(json: string): GateReport {
  // Written by `conclude` and by nothing else.
  const report = JSON.parse(json) as Omit<GateReport, 'checks'> & { readonly checks: readonly EarlierResult[] }
  return { ...report, checks: report.checks.map(withRows) }
}

function withRows(result: EarlierResult): CheckResult {
  if (result.rows !== undefined) return { ...result, rows: result.rows }
  const { check, verdict, reason, metric, ...measured } = result
  return { check, verdict, reason, rows: metric === undefined ? [] : [{ metric, verdict, reason, ...measured }] }
}
