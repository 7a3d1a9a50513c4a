import { checkName } from '../check-name.ts'
import type { CheckResult, CheckRow } from '../../protocol/gate-report.ts'
import type { ReportContext } from '../context.ts'
import { explanationOf } from '../explain.ts'
import { figureMarkup } from '../figures/figure.ts'
import { h, type MarkupElement } from '../markup.ts'
import { fold } from '../table.ts'
import { verdictBadge } from '../verdicts.ts'
import { rowBlock, rowTable } from './row.ts'

/** Rows that are shown one by one; the others are in the table. */
const maxBlocks = 6

/** Where the summary's links lead to. */
export const idOfCheck = (index: number): string => `check-${index + 1}`

interface CheckOptions {
  readonly index: number
  readonly isDecisive: boolean
  readonly examples: ReportContext['examples']
}

/** One check: verdict and sentence, what it means, its pictures and all that it measured. Closed where all is well. */
export function checkSection(result: CheckResult, { index, isDecisive, examples }: CheckOptions): MarkupElement {
  const { check, verdict, reason, rows, figures = [] } = result
  const { title, asks, means, otherwise } = explanationOf(check)
  const isWell = verdict === 'PASS' || verdict === 'NOT_APPLICABLE'
  const blocks = worthABlock(result)
  return h(
    'details',
    { class: 'check', open: isDecisive || !isWell },
    h(
      'summary',
      {},
      h('span', { class: 'head' }, h('h3', {}, title), verdictBadge(verdict)),
      h('span', { class: 'dim name' }, nameOfCheck(result)),
    ),
    // Inside, so that a link to it opens what holds it.
    h('p', { id: idOfCheck(index), class: 'reason' }, reason),
    h(
      'div',
      { class: 'means' },
      h('h4', {}, 'What does this mean?'),
      h('p', {}, h('strong', {}, asks), ` ${means}`),
      !isWell && h('p', {}, h('strong', {}, 'What to do: '), otherwise),
    ),
    figures.length > 0 && h('div', { class: 'figures' }, figures.map(figureMarkup)),
    blocks.map((row) => rowBlock(row, { isSaid: row.reason === reason, examples })),
    blocks.length < rows.length &&
      fold(`All ${rows.length} measurements`, false, rowTable(`${title} All measurements.`, rows)),
  )
}

/** `no-regression (champion, log loss)`; of a report of before, `no-regression · log loss against champion`. */
export const nameOfCheck = (result: CheckResult): string => {
  const { check, variant, rows } = result
  if (variant !== undefined || rows[0] === undefined || rows.length > 2) return checkName(result)
  return `${check} · ${rows[0].metric}`
}

/** What did not pass first, then what has a picture of its own; where a figure shows them all, only what did not pass. */
function worthABlock({ rows, figures = [] }: CheckResult): CheckRow[] {
  if (rows.length <= 2) return [...rows]
  const isFine = ({ verdict }: CheckRow) => verdict === 'PASS' || verdict === 'NOT_APPLICABLE'
  const hasForest = figures.some(({ kind }) => kind === 'forest')
  const isDrawn = hasForest || figures.some(({ kind }) => kind === 'curve')
  const fine = isDrawn ? [] : rows.filter((row) => isFine(row) && row.interval !== undefined)
  const doubtful = rows.filter((row) => !isFine(row) && !(hasForest && row.verdict === 'NOT_ENOUGH_DATA'))
  return [...doubtful, ...fine].slice(0, maxBlocks)
}
