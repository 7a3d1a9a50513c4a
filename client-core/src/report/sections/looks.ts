import { chartWidth, svg } from '../chart.ts'
import type { ReportContext, ReportLook } from '../context.ts'
import { h, type Child, type MarkupElement } from '../markup.ts'
import { countOf, sayCount, sayTime } from '../numbers.ts'
import type { ShownReport } from '../subject.ts'
import { fold, table } from '../table.ts'
import { verdictBadge, verdictNames } from '../verdicts.ts'

const perLine = 40
const cell = chartWidth / perLine
/** More empty places than this say nothing more. */
const maxDrawn = 400
/** Longest list of earlier judgements. */
const maxListed = 20

/** How often the gate set has judged, and with which outcome: it wears out. */
export function looksSection(report: ShownReport, { looks }: ReportContext): Child {
  if (looks === undefined || looks.length === 0) return undefined
  const limit = limitOf(report)
  // A model that was judged again has several looks; the report is of the last.
  const index = looks
    .map(({ taskId, version }) => taskId === report.taskId && version === report.version)
    .lastIndexOf(true)
  const place = index < 0 ? '' : ` This judgement was number ${sayCount(index + 1)}.`
  const of = limit === undefined ? '' : `, of ${sayCount(limit)} that it is meant for`
  return h(
    'section',
    {},
    h('h2', {}, 'How often this gate set has judged'),
    h(
      'p',
      {},
      `So far it has judged ${countOf(looks.length, 'model')}${of}.${place} Every verdict tells a little of the set, so it is replaced in time. Each square is one judgement, in the colour of its verdict.`,
    ),
    strip(looks, index, limit),
    fold('The latest judgements', false, list(looks)),
  )
}

/** Set in the task; the check that counts looks says it. */
const limitOf = ({ checks }: ShownReport): number | undefined =>
  checks.find(({ check }) => check === 'reuse')?.rows.find(({ metric }) => /looks/.test(metric))?.margin

function strip(looks: readonly ReportLook[], index: number, limit: number | undefined): MarkupElement {
  // The oldest go where there are more than are drawn.
  const skipped = Math.max(0, looks.length - maxDrawn)
  const drawn = looks.slice(skipped)
  const places = Math.max(drawn.length, Math.min(limit ?? 0, maxDrawn))
  const corner = (i: number) => ({ x: (i % perLine) * cell + 1, y: Math.floor(i / perLine) * cell + 1 })
  const square = { width: cell - 2, height: cell - 2, rx: 2 }
  return svg(
    {
      title: 'Judgements by this gate set',
      says: `${countOf(looks.length, 'judgement')}; each square is one, the oldest first.`,
      height: Math.ceil(places / perLine) * cell,
    },
    Array.from({ length: places }, (_, i) => {
      const look = drawn[i]
      if (look === undefined) return h('rect', { ...corner(i), ...square, class: 'place' })
      const { verdict } = look
      const name = verdict === undefined ? '' : `: ${verdictNames[verdict].name.toLowerCase()}`
      return h(
        'rect',
        {
          ...corner(i),
          ...square,
          class: `look v-${verdict ?? 'NOT_APPLICABLE'}${i + skipped === index ? ' this' : ''}`,
        },
        h('title', {}, `${i + skipped + 1}. model ${look.version} of ${look.taskId}${name}`),
      )
    }),
  )
}

const list = (looks: readonly ReportLook[]): MarkupElement =>
  table(
    'The latest judgements by this gate set, newest first',
    [{ title: 'Number', isNumber: true }, { title: 'Model' }, { title: 'When' }, { title: 'Verdict' }],
    looks
      .map(({ taskId, version, at, verdict }, i) => [
        sayCount(i + 1),
        `${version} of ${taskId}`,
        sayTime(at),
        verdict === undefined ? '–' : verdictBadge(verdict),
      ])
      .slice(-maxListed)
      .reverse(),
  )
