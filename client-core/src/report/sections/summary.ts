import type { Metrics } from '../../protocol/gate-report.ts'
import type { ReportContext } from '../context.ts'
import { decisiveOf, type Decisive } from '../decisive.ts'
import { explanationOf } from '../explain.ts'
import { h, type Child, type MarkupElement } from '../markup.ts'
import { countOf, sayDuration, sayShare, sayTime, sayValue } from '../numbers.ts'
import { nameOfSubject, referencesOf, saySets, type ShownReport } from '../subject.ts'
import { verdictBadge, verdictMeanings, verdictNames } from '../verdicts.ts'
import { idOfCheck, nameOfCheck } from './check.ts'
import { rowBlock } from './row.ts'

/** The verdict, what it rests on, and the figures that people ask for first. */
export function summary(report: ShownReport, context: ReportContext): MarkupElement {
  const decisive = decisiveOf(report)
  return h(
    'header',
    {},
    h('h1', {}, nameOfSubject(report, context.title)),
    h(
      'p',
      { class: 'dim' },
      `${howItWasJudged(report)}.`,
      context.status !== undefined && ` This model is now: ${context.status}.`,
    ),
    banner(report, decisive.length > 0 && report.verdict !== 'PASS'),
    decided(report, decisive, context),
    tiles(report),
    checkList(report),
  )
}

function howItWasJudged({ recorded, judgedAt, durationMs }: ShownReport): string {
  if (recorded !== undefined) return `No model was run: the answers are those of a table, of which ${saySets(recorded)}`
  const took = durationMs === undefined ? '' : `, in ${sayDuration(durationMs)}`
  return judgedAt === undefined ? `Judged${took}` : `Judged ${sayTime(judgedAt)}${took}`
}

/** @param isShown whether the reason is shown with the check that gave it */
function banner({ verdict, reason, sound }: ShownReport, isShown: boolean): MarkupElement {
  const { headline, meaning } = verdictMeanings[verdict]
  return h(
    'div',
    { class: `banner v-${verdict}` },
    h('span', { class: 'sign', 'aria-hidden': 'true' }, verdictNames[verdict].sign),
    h(
      'div',
      {},
      h('p', { class: 'headline' }, headline),
      h('p', {}, meaning),
      !sound && h('p', {}, 'It is not sound either, so training does not go on from it.'),
      !isShown && h('p', { class: 'says' }, reason),
    ),
  )
}

function decided({ checks }: ShownReport, decisive: readonly Decisive[], { examples }: ReportContext): Child {
  if (decisive.length === 0) return undefined
  return h(
    'section',
    { class: 'decided' },
    h('h2', {}, 'What decided it'),
    decisive.map(({ check, rows }) => [
      h('h3', {}, h('a', { href: `#${idOfCheck(checks.indexOf(check))}` }, explanationOf(check.check).title)),
      h('p', { class: 'reason' }, check.reason),
      rows.map((row) => rowBlock(row, { isSaid: row.reason === check.reason, examples })),
    ]),
  )
}

/** Name, value, and what it is of. */
type Tile = readonly [string, string, string]

/** Unless a column tells them apart, the rows of a table are both sets. */
const isOneSet = (recorded: ShownReport['recorded']): boolean => recorded !== undefined && recorded.split !== 'column'

function tiles(report: ShownReport): MarkupElement {
  const { evaluation, gate } = report
  const { champion, anchor } = referencesOf(report)
  const told: Tile[] = [
    ['Accuracy', ...ofMetrics(gate, 'gate', ({ accuracy }) => sayShare(accuracy))],
    ['Log loss', ...ofMetrics(gate, 'gate', ({ logLoss }) => sayValue(logLoss, { unit: 'nats', isDifference: false }))],
    ...(isOneSet(report.recorded)
      ? []
      : [['Accuracy', ...ofMetrics(evaluation, 'evaluation', ({ accuracy }) => sayShare(accuracy))] as Tile]),
    [
      'Compared with',
      champion ?? 'no model',
      champion === null
        ? 'there is no champion yet'
        : anchor === null
          ? 'the champion'
          : `the champion; and with ${anchor}, the anchor`,
    ],
  ]
  return h(
    'dl',
    { class: 'tiles' },
    told.map(([name, value, note]) =>
      h('div', {}, h('dt', {}, name), h('dd', {}, h('strong', {}, value), h('span', { class: 'dim' }, note))),
    ),
  )
}

const ofMetrics = (metrics: Metrics | null, set: string, say: (of: Metrics) => string): [string, string] =>
  metrics === null
    ? ['–', `could not be run on the ${set} set`]
    : [say(metrics), `on ${countOf(metrics.numExamples, `${set} example`)}`]

const checkList = ({ checks }: ShownReport): MarkupElement =>
  h(
    'nav',
    { 'aria-label': 'Checks' },
    h('h2', {}, 'All checks in short'),
    h(
      'ul',
      { class: 'checks' },
      checks.map((result, index) =>
        h(
          'li',
          {},
          verdictBadge(result.verdict),
          h(
            'span',
            {},
            h('a', { href: `#${idOfCheck(index)}` }, explanationOf(result.check).title),
            ' ',
            h('span', { class: 'name dim' }, nameOfCheck(result)),
            h('span', { class: 'says' }, result.reason),
          ),
        ),
      ),
    ),
  )
