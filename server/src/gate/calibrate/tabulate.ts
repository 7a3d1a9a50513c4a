import type { GateVerdict } from '@panal/client-core'
import { sum } from '../statistics/summation.ts'
import { clopperPearson } from '../statistics/clopper-pearson.ts'
import { testUniformity } from '../statistics/uniformity.ts'
import type { NullReport, PromiseReport, Rate, ScenarioReport, SettingReport } from './calibration-report.ts'
import type { RunOutcome } from './run.ts'
import type { Setting } from './scenario.ts'
import type { ScenarioName } from './scenarios/registry.ts'

/**
 * Most equal models that may be blocked, fewest planted regressions of two margins in one segment that must be, and most
 * models that are worse by two margins or broken that may be promoted.
 */
export const promised = { mostBlocked: 0.05, leastFound: 0.9, mostPassed: 0.05 } as const

export function rateOf(count: number, of: number): Rate {
  return { count, of, rate: of === 0 ? 0 : count / of, interval: of === 0 ? [0, 1] : clopperPearson(count, of, 0.025) }
}

const isPromoted = (verdict: GateVerdict): boolean => verdict === 'PASS' || verdict === 'WARN'

export function settingReport({ label, size, expected }: Setting, outcomes: readonly RunOutcome[]): SettingReport {
  const n = outcomes.length
  const count = (wanted: (outcome: RunOutcome) => boolean): Rate => rateOf(outcomes.filter(wanted).length, n)
  const parts = partsOf(outcomes)
  return {
    label,
    ...(size !== undefined && { size }),
    expected,
    gain: {
      accuracy: meanOf(outcomes.map(({ gain }) => gain.accuracy)),
      logLoss: meanOf(outcomes.map(({ gain }) => gain.logLoss)),
    },
    blocked: count(isBlocked),
    held: count(({ verdict }) => verdict !== 'BLOCK' && !isPromoted(verdict)),
    promoted: count(({ verdict }) => isPromoted(verdict)),
    verdicts: Object.fromEntries(tally(outcomes.map(({ verdict }) => verdict))),
    blockedBy: tally(outcomes.flatMap(({ blockedBy }) => blockedBy)).map(([check, times]) => ({ check, count: times })),
    ...(parts.length > 0 && { parts }),
  }
}

const meanOf = (values: readonly number[]): number => (values.length === 0 ? 0 : sum(values) / values.length)

const isBlocked = ({ verdict }: RunOutcome): boolean => verdict === 'BLOCK'

/** The most frequent first, then by name. */
function tally<Name extends string>(names: readonly Name[]): [Name, number][] {
  const counts = new Map<Name, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
}

function partsOf(outcomes: readonly RunOutcome[]): NonNullable<SettingReport['parts']> {
  const names = [...new Set(outcomes.flatMap(({ about }) => about ?? []))].sort()
  return names.map((part) => {
    const own = outcomes.filter(({ about }) => about === part)
    return { part, blocked: rateOf(own.filter(isBlocked).length, own.length) }
  })
}

/** Of each thing that was tested in at least this many runs with equal models. */
const fewestForNull = 50
/** Where one value comes oftener, the test is of counts, whose p-values are no more uniform than the counts are. */
const mostTied = 0.05

export function nullReports(scenario: ScenarioName, outcomes: readonly RunOutcome[]): NullReport[] {
  const found = new Map<string, number[]>()
  for (const { pValues } of outcomes)
    for (const [test, p] of pValues) {
      const known = found.get(test)
      if (known === undefined) found.set(test, [p])
      else known.push(p)
    }
  return [...found]
    .filter(([, values]) => values.length >= fewestForNull && largestTie(values) <= mostTied * values.length)
    .map(([test, values]) => {
      return { scenario, test, count: values.length, ...testUniformity(values) }
    })
}

/** How often the most frequent value comes. */
function largestTie(values: readonly number[]): number {
  const counts = new Map<number, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return Math.max(...counts.values())
}

/** What is promised of those kinds and sizes of candidates that were tried. */
export const promisesOf = (scenarios: readonly ScenarioReport[]): PromiseReport[] =>
  scenarios.flatMap((scenario) => scenario.settings.flatMap((setting) => promisesOn(scenario, setting)))

function promisesOn(
  { name, title, settings }: ScenarioReport,
  { label, size, blocked, promoted, expected }: SettingReport,
): PromiseReport[] {
  const what = settings.length === 1 ? title : `${title}: ${label}`
  const { mostBlocked, leastFound, mostPassed } = promised
  if (expected === 'told') return []
  if (expected === 'not-blocked')
    return [{ what, of: 'blocked', rate: blocked, most: mostBlocked, isKept: blocked.rate <= mostBlocked }]
  const found = { what, of: 'blocked', rate: blocked, least: leastFound, isKept: blocked.rate >= leastFound } as const
  const passed = {
    what,
    of: 'promoted',
    rate: promoted,
    most: mostPassed,
    isKept: promoted.rate <= mostPassed,
  } as const
  return [...(name === 'segment-regression' && size === 2 ? [found] : []), passed]
}
