import {
  axisOver,
  coordinate,
  h,
  lineThrough,
  plot,
  sayNumber,
  sayShare,
  seriesClass,
  shorten,
  svg,
  table,
  type MarkupElement,
} from '@panal/client-core'
import type { ResultFigure } from './figure.ts'
import { progressCode } from './notebook-code.ts'
import { progressAxes, type Band, type BandPoint, type Metric, type ProgressAxis } from './seed-bands.ts'

/** More than a phone has pixels for say nothing. */
const maxPoints = 200
/** Rows of the table below: the picture has the rest, and the CSV file all. */
const maxRows = 12
const legendRow = 18
const plotHeight = 260

const names = { accuracy: 'Accuracy', loss: 'Loss' } as const

/** What a figure is called, and what its metric was measured on. */
export interface BandTitles extends Pick<ResultFigure, 'id' | 'title' | 'python'> {
  readonly on: string
}

const onTestSet = (metric: Metric, axis: ProgressAxis): BandTitles => ({
  id: `${metric}-by-${axis}`,
  title: `${names[metric]} by ${progressAxes[axis].says}`,
  on: 'the test set',
  python: progressCode(metric, axis),
})

/** A metric of each experiment as a line, the range of its seeds as a band. */
export function bandFigure(
  bands: readonly Band[],
  metric: Metric,
  axis: ProgressAxis,
  { id, title, on, python } = onTestSet(metric, axis),
): ResultFigure {
  const { title: across } = progressAxes[axis]
  const told = metric === 'accuracy' ? sayShare : sayNumber
  const points = bands.flatMap((band) => band.points)
  const drawn = plot(
    axisOver(
      points.map(({ x }) => x),
      { title: across, say: sayNumber },
    ),
    axisOver(
      points.flatMap(({ low, high }) => [low, high]),
      {
        title: `${names[metric].toLowerCase()} on ${on}`,
        say: metric === 'accuracy' ? (value) => `${sayNumber(100 * value)} %` : sayNumber,
      },
    ),
    plotHeight,
  )
  const summaries = bands.map(({ name, points }) => {
    const [first, last] = [points[0]!, points.at(-1)!]
    return `${name}: ${told(first.y)} at ${sayNumber(first.x)}, ${told(last.y)} at ${sayNumber(last.x)}.`
  })
  return {
    id,
    title,
    says: `The line is the mean over the seeds, the band their range; a line ends where the first of its seeds did.`,
    picture: svg(
      { title, says: summaries.join(' '), height: plotHeight + legendRow * bands.length },
      drawn.frame,
      bands.map(({ points }, i) => bandMarks(thinned(points, maxPoints), i, drawn)),
      bands.map(({ name, numSeeds }, i) => legendLine(`${shorten(name, 36)}, ${seeds(numSeeds)}`, i)),
    ),
    python,
    numbers: numbersOf(bands, { title, across, told, metric }),
  }
}

function bandMarks(points: readonly BandPoint[], i: number, { x, y }: Pick<ReturnType<typeof plot>, 'x' | 'y'>) {
  const outline = [
    ...points.map((point) => [x(point.x), y(point.high)] as const),
    ...points.map((point) => [x(point.x), y(point.low)] as const).reverse(),
  ]
  const last = points.at(-1)!
  return h(
    'g',
    {},
    points.length > 1 && h('path', { class: `band ${seriesClass(i)}`, d: `${lineThrough(outline)}Z` }),
    h('path', { class: `line ${seriesClass(i)}`, d: lineThrough(points.map((point) => [x(point.x), y(point.y)])) }),
    h('circle', { class: `mark ${seriesClass(i)}`, cx: x(last.x), cy: y(last.y), r: 3.5 }),
  )
}

function legendLine(text: string, i: number): MarkupElement {
  const y = coordinate(plotHeight + legendRow * (i + 0.6))
  return h(
    'g',
    {},
    h('line', { class: `line ${seriesClass(i)}`, x1: 16, x2: 44, y1: y, y2: y }),
    h('text', { x: 52, y: y + 4 }, text),
  )
}

/** Evenly spaced ones, the first and the last among them. */
export function thinned<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items]
  return Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))]!)
}

const seeds = (count: number): string => (count === 1 ? '1 seed' : `${count} seeds`)

const numbersOf = (
  bands: readonly Band[],
  { title, across, told, metric }: { title: string; across: string; told: (value: number) => string; metric: Metric },
): MarkupElement =>
  table(
    `${title}: numbers`,
    [
      { title: 'Experiment' },
      { title: across, isNumber: true },
      { title: `Mean ${metric}`, isNumber: true },
      { title: 'Range', isNumber: true },
    ],
    bands.flatMap(({ name, points }) =>
      thinned(points, maxRows).map(({ x, y, low, high }) => [
        name,
        sayNumber(x),
        told(y),
        `${told(low)} to ${told(high)}`,
      ]),
    ),
  )
