import type { SampleQuery } from '../protocol/gate-report.ts'
import type { ReportContext } from './context.ts'
import { decisiveOf } from './decisive.ts'
import { glossary } from './explain.ts'
import { figureMarkup } from './figures/figure.ts'
import { h, type Child, type MarkupElement } from './markup.ts'
import { checkSection } from './sections/check.ts'
import { looksSection } from './sections/looks.ts'
import { originSection } from './sections/origin.ts'
import { summary } from './sections/summary.ts'
import type { ShownReport } from './subject.ts'

/** The worst examples of all, whatever the checks looked at. */
export const worstOverall = ({ champion }: Pick<ShownReport, 'champion'>): SampleQuery => ({
  set: 'gate',
  where: [],
  order: champion === null ? 'loss' : 'regression',
})

/** Of their section. */
export const worstExamplesId = 'worst-examples'

/**
 * A whole report, for the page of the server and for the file that it can be saved as: the verdict, what decided it, every
 * check, and what vouches for it. Ids in it are unique as long as one report is on a page.
 */
export function reportBody(report: ShownReport, context: ReportContext = {}): MarkupElement {
  const decisive = new Set(decisiveOf(report).map(({ check }) => check))
  return h(
    'article',
    { class: 'report' },
    summary(report, context),
    h(
      'section',
      { class: 'all-checks' },
      h('h2', {}, 'The checks one by one'),
      report.checks.map((result, index) =>
        checkSection(result, { index, isDecisive: decisive.has(result), examples: context.examples }),
      ),
    ),
    figuresSection(report),
    worstSection(report, context),
    looksSection(report, context),
    originSection(report, context),
    h(
      'section',
      {},
      h('h2', {}, 'Words'),
      h(
        'dl',
        { class: 'words' },
        glossary.map(([word, meaning]) => h('div', {}, h('dt', {}, word), h('dd', {}, meaning))),
      ),
    ),
  )
}

const figuresSection = ({ figures = [] }: ShownReport): Child =>
  figures.length > 0 &&
  h('section', {}, h('h2', {}, 'How it answers'), h('div', { class: 'figures' }, figures.map(figureMarkup)))

function worstSection(report: ShownReport, { examples }: ReportContext): Child {
  const shown = examples?.(worstOverall(report), 'worst')
  if (shown === undefined) return undefined
  return h(
    'section',
    { id: worstExamplesId },
    h('h2', {}, 'The worst examples'),
    h(
      'p',
      {},
      report.champion === null
        ? 'Where the model is furthest from the truth.'
        : 'Where the model lost most against the one that is served.',
    ),
    shown,
  )
}
