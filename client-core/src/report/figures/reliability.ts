import type { Figure } from '../../protocol/gate-report.ts'
import { at, legend, lineThrough, mark, plot, seriesClass, svg, type Axis } from '../chart.ts'
import { h } from '../markup.ts'
import { countOf, sayCount, sayShare } from '../numbers.ts'
import { table } from '../table.ts'
import type { DrawnFigure } from './drawn.ts'

type Reliability = Extract<Figure, { kind: 'reliability' }>

const share = (title: string): Axis => ({
  title,
  from: 0,
  to: 1,
  ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
  say: (value) => `${Math.round(100 * value)} %`,
})

/** Promised against observed frequency: on the diagonal, promises come true. The area of a dot is its share of examples. */
export function drawReliability({ title, curves }: Reliability): DrawnFigure {
  const { x, y, frame, height, area } = plot(share('The model says'), share('It comes true'), 310)
  const largest = Math.max(1, ...curves.flatMap(({ bins }) => bins.map(({ count }) => count)))
  const says = `Each dot is a group of answers of which the model is about equally sure. On the dashed line, what it promises comes true. ${curves.map(summary).join(' ')}`
  return {
    title,
    says: 'On the dashed line, what the model promises comes true. Under it, the model is too sure of itself; over it, not sure enough. Larger dots stand for more examples.',
    legend: legend(curves.map(({ name }) => name)),
    picture: svg(
      { title, says, height },
      frame,
      h('line', { class: 'reference', x1: x(0), y1: y(0), x2: x(1), y2: y(1) }),
      h('text', { class: 'note', x: x(0.04), y: area.top + 16 }, 'not sure enough'),
      h('text', { class: 'note', x: area.right - 6, y: area.bottom - 10, 'text-anchor': 'end' }, 'too sure'),
      curves.map(({ name, bins }, i) => [
        h('path', {
          class: `line ${seriesClass(i)}`,
          d: lineThrough(bins.map(({ confidence, frequency }) => [x(confidence), y(frequency)])),
        }),
        bins.map(({ count, confidence, frequency }) =>
          mark(
            i,
            { x: x(confidence), y: y(frequency), r: at(3 + 6 * Math.sqrt(count / largest)) },
            `${name}: says ${sayShare(confidence)}, comes true ${sayShare(frequency)}, ${countOf(count, 'example')}`,
          ),
        ),
      ]),
    ),
    numbers: table(
      `${title}: numbers`,
      [
        { title: 'Model' },
        { title: 'It says', isNumber: true },
        { title: 'It comes true', isNumber: true },
        { title: 'Examples', isNumber: true },
      ],
      curves.flatMap(({ name, bins }) =>
        bins.map(({ count, confidence, frequency }) => [
          name,
          sayShare(confidence),
          sayShare(frequency),
          sayCount(count),
        ]),
      ),
    ),
  }
}

function summary({ name, bins }: Reliability['curves'][number]): string {
  const total = bins.reduce((sum, { count }) => sum + count, 0)
  if (total === 0) return `${name}: no examples.`
  const gap = bins.reduce((sum, { count, confidence, frequency }) => sum + count * Math.abs(confidence - frequency), 0)
  return `${name}: promises are off by ${sayShare(gap / total)} on average, over ${countOf(total, 'example')}.`
}
