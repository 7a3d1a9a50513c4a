import Table from 'cli-table3'
import { checkName, type CheckResult, type CheckRow, type GateReport } from '@panal/client-core'

/** The gate's report as a person reads it: the verdict, then a row for each check. */
export function describeGate({ version, verdict, reason, checks, gate }: GateReport): string {
  const table = new Table({
    head: ['check', 'verdict', 'estimate', 'interval', 'n', 'reason'],
    style: { head: [], border: [], compact: true },
    colWidths: [null, null, null, null, null, 60],
    wordWrap: true,
  })
  for (const check of checks) table.push(gateRow(check))
  // Told in steps: the row of a floor has it exactly.
  const onGate =
    gate === null ? '' : `: about ${Math.round(100 * gate.accuracy)} % right on the ${gate.numExamples} gate examples`
  return `version ${version} ${verdict}${onGate}\n${reason}\n${table.toString()}`
}

const nothing: Partial<CheckRow> = {}

/** Of a check that measured several things, the one that decided. */
const gateRow = ({ verdict, rows, reason, ...check }: CheckResult): string[] => {
  const { estimate, interval, n } = rows.find((row) => row.verdict === verdict) ?? nothing
  return [
    checkName(check),
    verdict,
    formatNumber(estimate),
    interval === undefined ? '' : interval.map(formatNumber).join(' … '),
    n === undefined ? '' : String(n),
    reason,
  ]
}

const formatNumber = (value: number | undefined): string =>
  value === undefined ? '' : String(Number(value.toPrecision(4)))
