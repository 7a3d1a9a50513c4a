import Table from 'cli-table3'
import { finishedOnce, type FoundRun } from '../experiment/read-runs.ts'
import type { RoundRow } from '../experiment/round-row.ts'
import { lastTested } from '../results/last-tested.ts'
import { describeRule } from './describe-rule.ts'
import { formatBytes, formatLoss, formatPercent } from './round-row.ts'
import { formatDuration } from './run-screen.ts'

/** Of a run that is finished. */
const endings = { target: 'target reached', rounds: 'all rounds', diverged: 'diverged' } as const

const compact = { head: [], border: [], compact: true }

/** A row for each run, and by which rule and under which attack; then, where there are several seeds of one, their mean and spread. */
export function describeRuns(runs: readonly FoundRun[]): string {
  const isExpected = runs.some(({ record }) => record?.expectation !== undefined)
  const table = new Table({
    head: [
      ...['run', 'seed', 'state', 'rounds', 'accuracy', 'best', 'loss', 'trips', 'up', 'simulated', 'took'],
      ...(isExpected ? ['expected'] : []),
    ],
    style: compact,
  })
  for (const run of runs) table.push([...cells(run), ...(isExpected ? [verdictOf(run)] : [])])
  const seeds = severalSeeds(runs)
  return [table.toString(), ...rulesOf(runs), ...(seeds === undefined ? [] : [seeds]), ''].join('\n')
}

function cells({ name, seed, record, rows }: FoundRun): string[] {
  const last = rows.at(-1)
  const accuracies = rows.flatMap(({ accuracy }) => accuracy ?? [])
  const final = lastTested(rows)
  return [
    name,
    String(seed),
    record === undefined ? 'not finished' : endings[record.ended.why],
    String(last?.round ?? 0),
    formatPercent(final?.accuracy),
    accuracies.length === 0 ? '' : formatPercent(Math.max(...accuracies)),
    final === undefined ? '' : formatLoss(final.loss),
    String(tripsOf(rows)),
    formatBytes(rows.reduce((sum, { bytesUp }) => sum + bytesUp, 0)),
    last === undefined ? '' : formatDuration(last.simulatedMs),
    last === undefined ? '' : formatDuration(record?.resources.wallMs ?? last.wallMs),
  ]
}

/** Of each experiment its rule and attack; one line where they have the same. */
function rulesOf(runs: readonly FoundRun[]): string[] {
  const rules = new Map(runs.map(({ name, experiment }) => [name, describeRule(experiment)]))
  const [first, ...others] = new Set(rules.values())
  if (first === undefined || others.length === 0) return [first ?? '']
  return [...rules].map(([name, rule]) => `${name}: ${rule}`)
}

/** Of a run that is held to something and has ended. */
function verdictOf({ record }: FoundRun): string {
  if (record?.expectation === undefined) return ''
  return record.expectation.isMet ? 'met' : 'not met'
}

/** Devices that were asked, each time counted. */
const tripsOf = (rows: readonly RoundRow[]): number => rows.reduce((sum, { numAsked = 0 }) => sum + numAsked, 0)

function severalSeeds(runs: readonly FoundRun[]): string | undefined {
  const finished = finishedOnce(runs)
  const names = [...new Set(finished.map(({ name }) => name))]
  const groups = names.map((name) => [name, finished.filter((run) => run.name === name)] as const)
  const several = groups.filter(([, group]) => group.length > 1)
  if (several.length === 0) return undefined
  const table = new Table({
    head: ['run', 'seeds', 'rounds', 'trips', 'simulated', 'accuracy at the end'],
    style: compact,
  })
  for (const [name, group] of several)
    table.push([
      name,
      String(group.length),
      spread(
        group.map(({ rows }) => rows.length),
        (value) => value.toFixed(1),
      ),
      spread(
        group.map(({ rows }) => tripsOf(rows)),
        (value) => value.toFixed(0),
      ),
      spread(
        group.map(({ rows }) => rows.at(-1)?.simulatedMs ?? 0),
        formatDuration,
      ),
      spread(
        group.flatMap(({ rows }) => lastTested(rows)?.accuracy ?? []),
        formatPercent,
      ),
    ])
  return `Mean and standard deviation over seeds:\n${table.toString()}`
}

/** Sample standard deviation; '' where there is nothing. */
function spread(values: readonly number[], format: (value: number) => string): string {
  if (values.length === 0) return ''
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
  return values.length < 2 ? format(mean) : `${format(mean)} ± ${format(Math.sqrt(variance))}`
}
