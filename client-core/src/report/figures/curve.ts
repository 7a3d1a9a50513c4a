import type { Figure } from '../../protocol/gate-report.ts'
import { axisOver, legend, lineThrough, mark, plot, seriesClass, svg, type Plot } from '../chart.ts'
import { h, type MarkupElement } from '../markup.ts'
import { sayNumber, sayShare } from '../numbers.ts'
import { table } from '../table.ts'
import type { DrawnFigure } from './drawn.ts'

type Curve = Extract<Figure, { kind: 'curve' }>
type Line = Curve['lines'][number]

/** Something measured along a scale, with how unsure it is as a band. */
export function drawCurve({ title, x: across, y: up, lines }: Curve): DrawnFigure {
  const points = lines.flatMap((line) => line.points)
  const heights = points.flatMap(({ y, interval }) => [y, ...(interval ?? [])])
  const isShare = /accuracy|rate|share|flip/i.test(up) && heights.every((value) => Math.abs(value) <= 1)
  const say = isShare ? (value: number) => `${sayNumber(100 * value)} %` : sayNumber
  const drawn = plot(
    axisOver(points.length === 0 ? [0, 1] : points.map(({ x }) => x), { title: across, say: sayNumber }),
    axisOver(heights.length === 0 ? [0, 1] : heights, { title: up, say }),
  )
  const told = isShare ? sayShare : sayNumber
  return {
    title,
    says: `From left to right: ${across}. From bottom to top: ${up}.${points.some(({ interval }) => interval) ? ' The band around a line is the range in which the truth lies.' : ''}`,
    legend: legend(lines.map(({ name }) => name)),
    picture: svg(
      { title, says: lines.map((line) => summary(line, told)).join(' '), height: drawn.height },
      drawn.frame,
      lines.map((line, i) => lineOf(line, i, { drawn, told })),
    ),
    numbers: table(
      `${title}: numbers`,
      [
        { title: 'Line' },
        { title: across, isNumber: true },
        { title: up, isNumber: true },
        { title: 'Range', isNumber: true },
      ],
      lines.flatMap(({ name, points }) =>
        points.map(({ x, y, interval }) => [
          name,
          sayNumber(x),
          told(y),
          interval === undefined ? '–' : `${told(interval[0])} to ${told(interval[1])}`,
        ]),
      ),
    ),
  }
}

function lineOf(
  { name, points }: Line,
  i: number,
  { drawn: { x, y }, told }: { drawn: Plot; told: (value: number) => string },
): MarkupElement {
  const sure = points.flatMap(({ x: place, interval }) => (interval === undefined ? [] : [{ place, interval }]))
  const band = [
    ...sure.map(({ place, interval }) => [x(place), y(interval[1])] as const),
    ...sure.map(({ place, interval }) => [x(place), y(interval[0])] as const).reverse(),
  ]
  return h(
    'g',
    {},
    sure.length > 1 && h('path', { class: `band ${seriesClass(i)}`, d: `${lineThrough(band)}Z` }),
    h('path', { class: `line ${seriesClass(i)}`, d: lineThrough(points.map((each) => [x(each.x), y(each.y)])) }),
    points.map((each) => mark(i, { x: x(each.x), y: y(each.y) }, `${name}: ${told(each.y)} at ${sayNumber(each.x)}`)),
  )
}

function summary({ name, points }: Line, told: (value: number) => string): string {
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined) return `${name}: no points.`
  return `${name}: ${told(first.y)} at ${sayNumber(first.x)}, ${told(last.y)} at ${sayNumber(last.x)}.`
}
