import type { Figure } from '../../protocol/gate-report.ts'
import { at, axisOver, chartWidth, legend, plot, seriesClass, svg } from '../chart.ts'
import { h } from '../markup.ts'
import { countOf, sayCount, sayNumber } from '../numbers.ts'
import { table } from '../table.ts'
import type { DrawnFigure } from './drawn.ts'

type Histogram = Extract<Figure, { kind: 'histogram' }>

/** How often values occur. Several series stand side by side in each bin. */
export function drawHistogram({ title, x: across, edges, series }: Histogram): DrawnFigure {
  const counts = series.flatMap((each) => each.counts)
  const drawn = plot(
    axisOver(edges.length === 0 ? [0, 1] : edges, { title: across, say: sayNumber }),
    axisOver([0, ...(counts.length === 0 ? [1] : counts)], { title: 'Examples', say: sayCount }),
  )
  const { x, y, frame, height, area } = drawn
  const range = (bin: number) => `${sayNumber(edges[bin]!)} to ${sayNumber(edges[bin + 1]!)}`
  return {
    title,
    says: `How many examples have which value of: ${across}.`,
    legend: legend(series.map(({ name }) => name)),
    picture: svg(
      { title, says: series.map((each) => summary(each, range)).join(' '), width: chartWidth, height },
      frame,
      series.map(({ name, counts: of }, i) =>
        of.map((count, bin) => {
          const [left, right] = [x(edges[bin]!), x(edges[bin + 1]!)]
          const width = (right - left) / series.length
          return h(
            'rect',
            {
              class: `bar ${seriesClass(i)}`,
              x: at(left + i * width + 0.5),
              y: y(count),
              width: at(Math.max(0.5, width - 1)),
              height: at(area.bottom - y(count)),
            },
            h('title', {}, `${name}, ${range(bin)}: ${countOf(count, 'example')}`),
          )
        }),
      ),
    ),
    numbers: table(
      `${title}: numbers`,
      [{ title: across }, ...series.map(({ name }) => ({ title: name, isNumber: true }))],
      edges.slice(1).map((_, bin) => [range(bin), ...series.map(({ counts: of }) => sayCount(of[bin] ?? 0))]),
    ),
  }
}

function summary({ name, counts }: Histogram['series'][number], range: (bin: number) => string): string {
  const most = counts.indexOf(Math.max(...counts))
  return most < 0 ? `${name}: empty.` : `${name}: most lie in ${range(most)}, ${countOf(counts[most]!, 'example')}.`
}
