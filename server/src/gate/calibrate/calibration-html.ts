import { figureMarkup, fold, h, sayCount, sayShare, table, type Child, type MarkupElement } from '@panal/client-core'
import { htmlFile } from '../report/html-file.ts'
import { detectionCurves, driftCurve } from './calibration-figures.ts'
import {
  cannotTell,
  type CalibrationReport,
  type PromiseReport,
  type Rate,
  type SettingReport,
} from './calibration-report.ts'

/** A calibration as one file for whoever is no statistician: what was promised, pictures, and every figure. */
export function calibrationHtml(report: CalibrationReport): string {
  const title = `${report.taskId}: how often the gate errs`
  const body = h(
    'article',
    { class: 'report' },
    h('header', {}, h('h1', {}, title), subject(report), promises(report)),
    pictures(report),
    candidates(report),
    drift(report),
    nulls(report),
  )
  return htmlFile(title, body)
}

function subject({ champion, anchor, like, examples, runs, faultRuns, seed, jitter }: CalibrationReport): Child {
  const others = [
    ...(anchor === null ? [] : [`version ${anchor} is the anchor`]),
    ...(like === null ? [] : [`version ${like} is about as good`]),
  ]
  return [
    h(
      'p',
      { class: 'dim' },
      `Version ${champion} stands for the champion${others.map((each) => `; ${each}`).join('')}. Each kind of candidate that is as good was judged ${sayCount(runs)} times, each size of a fault ${sayCount(faultRuns)} times, by the task’s own checks, on sets drawn with replacement from its own: ${sayCount(examples.gate)} examples judge, ${sayCount(examples.evaluation)} are in the evaluation set and ${sayCount(examples.calibration)} in the calibration set. Seed ${seed}.`,
    ),
    h(
      'p',
      { class: 'dim' },
      `Two models with noise of ${jitter.std.toFixed(3)} on their logits give different answers to ${sayShare(jitter.disagreement)} of the examples.`,
    ),
  ]
}

/** `4.0 % (2.5 to 6.1 %)` */
const rateText = ({ rate, interval: [low, high] }: Rate): string =>
  `${sayShare(rate)} (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)} %)`

const promises = ({ promises: all }: CalibrationReport): Child =>
  all.length > 0 && [
    h('h2', {}, 'What is promised'),
    h(
      'ul',
      { class: 'checks' },
      all.map((promise) => {
        const { what, of, rate, most, least } = promise
        const [verdict, said] = outcomeOf(promise)
        return h(
          'li',
          {},
          h('span', { class: `badge v-${verdict}` }, said),
          h(
            'span',
            {},
            h('strong', {}, what),
            h(
              'span',
              { class: 'says' },
              `${upperFirst(of)} in ${rateText(rate)} of ${sayCount(rate.of)} runs, where ${most === undefined ? `at least ${sayShare(least!)} is` : `at most ${sayShare(most)} are`} promised.`,
            ),
          ),
        )
      }),
    ),
  ]

function outcomeOf(promise: PromiseReport): [verdict: string, said: string] {
  if (cannotTell(promise)) return ['NOT_ENOUGH_DATA', 'too few runs to tell']
  return promise.isKept ? ['PASS', 'kept'] : ['BLOCK', 'not kept']
}

const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

function pictures(report: CalibrationReport): Child {
  const curves = detectionCurves(report)
  return (
    curves.length > 0 &&
    h(
      'section',
      {},
      h('h2', {}, 'What the gate says, by how large the fault is'),
      h('div', { class: 'figures' }, curves.map(figureMarkup)),
    )
  )
}

const expectations: Readonly<Record<SettingReport['expected'], string>> = {
  'not-blocked': 'no block',
  blocked: 'block',
  'not-promoted': 'block or hold',
  told: 'depends on size',
}

function candidates({ scenarios }: CalibrationReport): MarkupElement {
  return h(
    'section',
    {},
    h('h2', {}, 'Every kind of candidate'),
    scenarios.map(({ title, settings, because }) => [
      h('h3', {}, title),
      because !== undefined
        ? h('p', { class: 'dim' }, `Not tried: ${because}.`)
        : table(
            title,
            [
              { title: 'Size' },
              { title: 'Better by' },
              { title: 'Right is' },
              { title: 'Blocked (95 %)', isNumber: true },
              { title: 'Held', isNumber: true },
              { title: 'Promoted (95 %)', isNumber: true },
              { title: 'Blocked by, in runs' },
            ],
            settings.map(({ label, gain, expected, blocked, held, promoted, blockedBy }) => [
              label,
              `${(100 * gain.accuracy).toFixed(2)} points, ${gain.logLoss.toFixed(4)} nats`,
              expectations[expected],
              rateText(blocked),
              sayShare(held.rate),
              rateText(promoted),
              blockedBy.map(({ check, count }) => `${check} ${sayCount(count)}`).join(', '),
            ]),
          ),
      settings.map(({ label, parts }) => parts !== undefined && partsTable(`${label}: by where it was`, parts)),
    ]),
  )
}

function drift(report: CalibrationReport): Child {
  const curve = driftCurve(report)
  if (report.drift === null || curve === undefined) return false
  const { rounds, runs, shareOfMargin, harm, lines } = report.drift
  return h(
    'section',
    {},
    h('h2', {}, 'Many small steps down'),
    h(
      'p',
      { class: 'dim' },
      `In each of ${sayCount(rounds)} rounds the candidate is worse than its champion by ${sayShare(shareOfMargin)} of the margin of log loss (${harm.toFixed(5)} nats at first), which no single comparison is to find. Judged by no-regression alone, on the same gate set each time; mean of ${sayCount(runs)} simulations.`,
    ),
    h('div', { class: 'figures' }, figureMarkup(curve)),
    table(
      'The champion before and after',
      [
        { title: 'Compared' },
        { title: 'Promoted', isNumber: true },
        { title: 'Accuracy', isNumber: true },
        { title: 'Log loss', isNumber: true },
      ],
      lines.map(({ name, numPromoted, points }) => [
        name,
        `${numPromoted.toFixed(1)} of ${sayCount(rounds)}`,
        `${sayShare(points[0]!.accuracy)} → ${sayShare(points.at(-1)!.accuracy)}`,
        `${points[0]!.logLoss.toFixed(4)} → ${points.at(-1)!.logLoss.toFixed(4)}`,
      ]),
    ),
  )
}

const partsTable = (title: string, parts: NonNullable<SettingReport['parts']>): MarkupElement =>
  fold(
    title,
    false,
    table(
      title,
      [{ title: 'Where' }, { title: 'Blocked (95 %)', isNumber: true }, { title: 'Runs', isNumber: true }],
      parts.map(({ part, blocked }) => [part, rateText(blocked), sayCount(blocked.of)]),
    ),
  )

const nulls = ({ nulls: all }: CalibrationReport): Child =>
  all.length > 0 &&
  h(
    'section',
    {},
    h('h2', {}, 'p-values where there is no harm'),
    h(
      'p',
      { class: 'dim' },
      'They should be uniform, or have too few small values. The surplus is the largest share of small values that are too many; its p says whether chance explains it.',
    ),
    fold(
      'The tests',
      false,
      table(
        'p-values of equal models',
        [
          { title: 'Test' },
          { title: 'Candidate' },
          { title: 'Runs', isNumber: true },
          { title: 'Distance', isNumber: true },
          { title: 'p', isNumber: true },
          { title: 'Surplus', isNumber: true },
          { title: 'p of it', isNumber: true },
        ],
        all.map(({ test, scenario, count, distance, p, surplus, pSurplus }) => [
          test,
          scenario,
          sayCount(count),
          ...[distance, p, surplus, pSurplus].map((value) => value.toFixed(3)),
        ]),
      ),
    ),
  )
