import type { Figure, ForestLine, GateVerdict } from '../../protocol/gate-report.ts'
import { at, svg } from '../chart.ts'
import { estimateMark, lineScale } from '../interval-picture.ts'
import { h, type Child, type MarkupElement } from '../markup.ts'
import { kindOfForest } from '../measured.ts'
import { sayCount, sayInterval, sayValue, type Sayable } from '../numbers.ts'
import { verdictBadge } from '../verdicts.ts'
import type { DrawnFigure } from './drawn.ts'

type Forest = Extract<Figure, { kind: 'forest' }>

/** Of one line's picture. */
const width = 240
const height = 26
/** Between which values are drawn. */
const ends = [6, width - 6] as const

/**
 * Estimates with their intervals, one under the other on one scale. A table whose lines hold the pictures: names of any
 * length fit, on a phone each line becomes a block, and the numbers are there without a second table.
 */
export function drawForest(figure: Forest): DrawnFigure {
  const { title, margin, lines } = figure
  const kind = kindOfForest(figure)
  const limits = margin === undefined ? [] : [-margin, 0]
  // A bar over hundreds of points, of three examples, would leave no room for the others: it is cut off.
  const told = lines.filter(({ verdict }) => verdict !== 'NOT_ENOUGH_DATA')
  const drawn = (told.length === 0 ? lines : told).flatMap(({ interval }) => interval)
  const values = [...lines.map(({ estimate }) => estimate), ...drawn, ...limits]
  const x = lineScale(values.length === 0 ? [0] : values, ends)
  const read =
    margin === undefined
      ? 'The mark is what was measured, the bar the range in which the truth lies.'
      : 'Left of the full line it is worse than before, right of it better. The dashed line is the margin: what lies beyond it is too much. The bar is the range in which the truth lies; a shorter bar means more examples.'
  const isCut = lines.some(({ interval: [low, high] }) => x(low) <= ends[0] || x(high) >= ends[1])
  const says = isCut ? `${read} Where it ends in an arrow, it goes on.` : read
  const scale = { x, margin, kind }
  return { title, says, picture: asTable(title, lines, scale) }
}

interface Scale {
  readonly x: (value: number) => number
  readonly margin: number | undefined
  readonly kind: Sayable
}

const heads = ['Group', 'Examples', 'Picture', 'Measured', 'Verdict']

const asTable = (title: string, lines: readonly ForestLine[], scale: Scale): MarkupElement =>
  h(
    'table',
    { class: 'rows forest', role: 'table' },
    h('caption', { class: 'sr-only' }, title),
    h(
      'thead',
      { role: 'rowgroup' },
      h(
        'tr',
        { role: 'row' },
        heads.map((head, i) => h('th', { scope: 'col', role: 'columnheader', class: classes[i] }, head)),
      ),
    ),
    h(
      'tbody',
      { role: 'rowgroup' },
      lines.map((line) => lineOf(line, scale)),
    ),
    scale.margin !== undefined && h('tfoot', { 'aria-hidden': 'true' }, footOf(scale)),
  )

const classes = [undefined, 'number', 'plot', 'number', undefined]

function lineOf(line: ForestLine, scale: Scale): MarkupElement {
  const { label, estimate, interval, n, verdict } = line
  const cells: readonly Child[] = [
    sayCount(n),
    lineSvg(line, scale),
    h(
      'span',
      {},
      h('strong', {}, sayValue(estimate, scale.kind)),
      h('span', { class: 'range' }, sayInterval(interval, scale.kind)),
    ),
    verdictBadge(verdict),
  ]
  return h(
    'tr',
    { role: 'row' },
    h('th', { scope: 'row', role: 'rowheader', 'data-label': heads[0] }, label),
    cells.map((cell, i) => h('td', { role: 'cell', class: classes[i + 1], 'data-label': heads[i + 1] }, cell)),
  )
}

function lineSvg({ label, estimate, interval, verdict }: ForestLine, { x, margin, kind }: Scale): MarkupElement {
  const [low, high] = interval.map(x) as [number, number]
  return svg(
    { title: label, says: `${sayValue(estimate, kind)}, between ${sayInterval(interval, kind)}`, width, height },
    margin !== undefined && [
      h('rect', { class: 'zone worse', x: 0, y: 0, width: x(-margin), height }),
      h('line', { class: 'limit', x1: x(-margin), x2: x(-margin), y1: 0, y2: height }),
      h('line', { class: 'zero', x1: x(0), x2: x(0), y1: 0, y2: height }),
    ],
    estimateMark(verdict, { low, high, estimate: x(estimate), y: height / 2 }),
    low <= ends[0] && arrow(low, -1, verdict),
    high >= ends[1] && arrow(high, 1, verdict),
  )
}

/** The bar goes on. */
const arrow = (x: number, direction: 1 | -1, verdict: GateVerdict): MarkupElement =>
  h('path', {
    class: `arrow v-${verdict}`,
    d: `M${x - 3 * direction} ${height / 2 - 6}L${x + 3 * direction} ${height / 2}L${x - 3 * direction} ${height / 2 + 6}`,
  })

/** Under the pictures, what the two lines are. */
function footOf({ x, margin = 0, kind }: Scale): MarkupElement {
  const near = x(0) - x(-margin) < 90
  const label = (value: number, text: string, anchor: string) =>
    h('text', { x: at(x(value)), y: 12, 'text-anchor': anchor }, text)
  return h(
    'tr',
    {},
    h('td', { colspan: 2 }),
    h(
      'td',
      { class: 'plot' },
      h(
        'svg',
        { viewBox: `0 0 ${width} 16` },
        label(-margin, sayValue(-margin, kind), near ? 'end' : 'middle'),
        label(0, 'as before', near ? 'start' : 'middle'),
      ),
    ),
    h('td', { colspan: 2 }),
  )
}
