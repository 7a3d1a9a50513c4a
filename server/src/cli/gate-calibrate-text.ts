import {
  cannotTell,
  type CalibrationReport,
  type Rate,
  type ScenarioReport,
} from '../gate/calibrate/calibration-report.ts'
import { holm } from '../gate/statistics/multiple-testing.ts'
import { table } from './output.ts'

/** A calibration as a person reads it: what was promised, then every kind and size of candidate, then the tests' p-values. */
export function gateCalibrateText(report: CalibrationReport): string {
  return [subject(report), promises(report), scenarioTable(report), parts(report), drift(report), nulls(report)]
    .filter((section) => section !== '')
    .join('\n')
}

function subject({
  taskId,
  champion,
  anchor,
  like,
  examples,
  runs,
  faultRuns,
  seed,
  jitter,
}: CalibrationReport): string {
  const others = [
    anchor === null ? 'no anchor' : `anchor ${anchor}`,
    like === null ? 'no other version about as good' : `version ${like} about as good`,
  ]
  return [
    `${taskId}: champion ${champion}, ${others.join(', ')}`,
    `${examples.gate} examples judge, ${examples.evaluation} in the evaluation set, ${examples.calibration} in the calibration set`,
    `${runs} runs of each kind of equal models, ${faultRuns} of each fault, seed ${seed}; two models with noise ${jitter.std.toFixed(3)} on their logits disagree on ${percentOf(jitter.disagreement)} of the examples`,
    '',
  ].join('\n')
}

const percentOf = (share: number): string => `${(100 * share).toFixed(1)} %`
const rateText = ({ rate, interval: [low, high] }: Rate): string =>
  `${percentOf(rate)} (${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)})`

function promises({ promises: all }: CalibrationReport): string {
  if (all.length === 0) return ''
  return table(
    ['promise', 'of', 'measured, 95 %', 'limit', ''],
    all.map((promise) => {
      const { what, of, rate, most, least, isKept } = promise
      return [
        of,
        what,
        rateText(rate),
        most === undefined ? `≥ ${percentOf(least!)}` : `≤ ${percentOf(most)}`,
        cannotTell(promise) ? 'too few runs to tell' : isKept ? 'kept' : 'NOT KEPT',
      ]
    }),
  )
}

const mostNamed = 3

const signed = (value: number, digits: number): string => `${value > 0 ? '+' : ''}${value.toFixed(digits)}`

function scenarioTable({ scenarios }: CalibrationReport): string {
  const rows = scenarios.flatMap(({ name, because, settings }) =>
    because !== undefined
      ? [[name, `not tried: ${because}`, '', '', '', '', '']]
      : settings.map(({ label, gain, blocked, held, promoted, blockedBy }) => [
          name,
          label,
          `${signed(100 * gain.accuracy, 2)} points, ${signed(gain.logLoss, 4)} nats`,
          rateText(blocked),
          percentOf(held.rate),
          rateText(promoted),
          blockedBy
            .slice(0, mostNamed)
            .map(({ check, count }) => `${check} ${count}`)
            .join(', '),
        ]),
  )
  return table(['candidate', '', 'better by', 'blocked, 95 %', 'held', 'promoted, 95 %', 'blocked by, runs'], rows)
}

function parts({ scenarios }: CalibrationReport): string {
  const rows = scenarios.flatMap(({ name, settings }: ScenarioReport) =>
    settings.flatMap(({ label, expected, parts: own }) =>
      expected === 'not-blocked' || own === undefined
        ? []
        : own.map(({ part, blocked }) => [name, label, part, rateText(blocked), blocked.of]),
    ),
  )
  return rows.length === 0 ? '' : table(['candidate', '', 'where', 'blocked, 95 %', 'runs'], rows)
}

function drift({ drift: found }: CalibrationReport): string {
  if (found === null) return ''
  const { rounds, runs, shareOfMargin, harm, lines } = found
  const rows = lines.map(({ name, numPromoted, points }) => [
    name,
    `${numPromoted.toFixed(1)} of ${rounds}`,
    `${percentOf(points[0]!.accuracy)} → ${percentOf(points.at(-1)!.accuracy)}`,
    `${points[0]!.logLoss.toFixed(4)} → ${points.at(-1)!.logLoss.toFixed(4)}`,
  ])
  return [
    `${rounds} rounds in which each candidate is worse by ${percentOf(shareOfMargin)} of the margin of log loss (${harm.toFixed(5)} nats), judged by no-regression alone; mean of ${runs} simulations`,
    table(['compared', 'promoted', 'accuracy', 'log loss'], rows),
  ].join('\n')
}

/** Tests with too many small p-values, after Holm's correction for how many tests were looked at. */
function nulls({ nulls: all }: CalibrationReport): string {
  if (all.length === 0) return ''
  const { adjusted } = holm(all.map(({ pSurplus }) => pSurplus))
  const early = all.filter((_, i) => (adjusted[i] ?? 1) < 0.05)
  const summary = `${all.length} kinds of p-values over runs with equal models, compared with the uniform distribution: ${early.length} have more small values than they should.`
  return [
    summary,
    ...early.map(({ scenario, test, surplus }) => `  ${scenario}, ${test}: by ${surplus.toFixed(3)}`),
    '',
  ].join('\n')
}
