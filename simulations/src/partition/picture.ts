import {
  chartWidth,
  coordinate,
  countOf,
  h,
  sayCount,
  sayNumber,
  sayShare,
  shorten,
  svg,
  type MarkupElement,
} from '@panal/client-core'
import type { LabelDistribution } from './label-distribution.ts'

type Shown = LabelDistribution['devices'][number]

/** Classes beyond these, the rarest, share a row: a phone shows no more lines that can be told apart. */
const maxRows = 20
const barsHeight = 44
const area = { left: 66, right: chartWidth - 8, top: 24 }

/**
 * Who has what: a column for each device, a row for each class, and discs whose area is the number of examples; above them
 * each device's number of examples as a bar. As in Hsu et al. 2019 and Li et al. 2022, and without colours to be told apart.
 */
export function partitionPicture(
  distribution: LabelDistribution,
  title = 'Examples by device and class',
): MarkupElement {
  const { devices } = distribution
  const rows = rowsOf(distribution)
  const columnWidth = (area.right - area.left) / Math.max(devices.length, 1)
  const rowHeight = Math.min(22, Math.max(16, columnWidth))
  const discs = area.top + barsHeight + 8
  const bottom = discs + rows.length * rowHeight
  const xOf = (column: number) => coordinate(area.left + (column + 0.5) * columnWidth)
  const yOf = (row: number) => coordinate(discs + (row + 0.5) * rowHeight)
  const most = Math.max(1, ...rows.flatMap(({ counts }) => counts))
  const radius = (count: number) => coordinate(Math.min(columnWidth, rowHeight) * 0.56 * Math.sqrt(count / most))
  const disc = (name: string, count: number, { row, column }: { row: number; column: number }) =>
    count > 0 &&
    h(
      'circle',
      { class: 'mark s1', cx: xOf(column), cy: yOf(row), r: Math.max(0.6, radius(count)) },
      h('title', {}, `Device ${devices[column]!.device}, ${name}: ${countOf(count, 'example')}`),
    )
  return svg(
    { title, says: sayDistribution(distribution), height: bottom + 40 },
    bars(devices, { xOf, columnWidth }),
    rows.map(({ name, counts }, row) => [
      h('line', { class: 'grid', x1: area.left, x2: area.right, y1: yOf(row), y2: yOf(row) }),
      h('text', { x: area.left - 6, y: coordinate(yOf(row) + 4), 'text-anchor': 'end' }, shorten(name, 8)),
      counts.map((count, column) => disc(name, count, { row, column })),
    ]),
    deviceAxis(devices, { xOf, bottom }),
  )
}

function bars(devices: readonly Shown[], { xOf, columnWidth }: { xOf: (i: number) => number; columnWidth: number }) {
  const sizes = devices.map(sizeOf)
  const largest = Math.max(1, ...sizes)
  const base = area.top + barsHeight
  const width = coordinate(Math.max(1, columnWidth * 0.7))
  return h(
    'g',
    { class: 'sizes' },
    h('text', { x: area.left - 6, y: area.top + 8, 'text-anchor': 'end' }, sayCount(largest)),
    h('text', { x: area.left - 6, y: base, 'text-anchor': 'end' }, 'examples'),
    sizes.map((size, i) => {
      const height = coordinate((size / largest) * barsHeight)
      const place = { x: coordinate(xOf(i) - width / 2), y: coordinate(base - height), width, height }
      return h(
        'rect',
        { class: 'bar s0', ...place },
        h('title', {}, `Device ${devices[i]!.device}: ${countOf(size, 'example')}`),
      )
    }),
    h('line', { class: 'axis', x1: area.left, x2: area.right, y1: base, y2: base }),
  )
}

/** As many numbers as fit side by side. */
function deviceAxis(devices: readonly Shown[], { xOf, bottom }: { xOf: (i: number) => number; bottom: number }) {
  const every = Math.ceil(devices.length / 8)
  return h(
    'g',
    { class: 'axes' },
    devices.map(
      ({ device }, i) =>
        i % every === 0 && h('text', { x: xOf(i), y: bottom + 14, 'text-anchor': 'middle' }, String(device)),
    ),
    h(
      'text',
      { class: 'axis-title', x: (area.left + area.right) / 2, y: bottom + 33, 'text-anchor': 'middle' },
      'device',
    ),
  )
}

interface Row {
  readonly name: string
  /** By column. */
  readonly counts: readonly number[]
}

function rowsOf({ classes, devices }: LabelDistribution): Row[] {
  const rows = classes.map((name, label): Row => ({ name, counts: devices.map(({ counts }) => counts[label]!) }))
  if (rows.length <= maxRows) return rows
  const total = ({ counts }: Row) => counts.reduce((sum, count) => sum + count, 0)
  const common = new Set([...rows].sort((a, b) => total(b) - total(a)).slice(0, maxRows - 1))
  const rest = rows.filter((row) => !common.has(row))
  const together = devices.map((_, column) => rest.reduce((sum, { counts }) => sum + counts[column]!, 0))
  return [...rows.filter((row) => common.has(row)), { name: `${rest.length} more`, counts: together }]
}

const sizeOf = ({ counts }: Shown): number => counts.reduce((sum, count) => sum + count, 0)

/** What somebody would see in the picture, in words. */
export function sayDistribution({ numDevices, devices, classes }: LabelDistribution): string {
  if (devices.length === 0) return 'There are no devices.'
  const sizes = devices.map(sizeOf)
  const numLabels = devices.map(({ counts }) => counts.filter((count) => count > 0).length)
  const dominance = devices.map(({ counts }, i) => Math.max(...counts) / sizes[i]!)
  const shown =
    devices.length === numDevices
      ? `${countOf(numDevices, 'device')}.`
      : `${sayCount(devices.length)} of ${countOf(numDevices, 'device')}, evenly spaced.`
  return [
    shown,
    `They have ${range(sizes)} examples each, of ${range(numLabels)} of ${sayCount(classes.length)} classes.`,
    `A device’s largest class has ${sayShare(dominance.reduce((sum, each) => sum + each, 0) / devices.length)} of its examples on average.`,
  ].join(' ')
}

function range(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  return least === most ? sayNumber(least) : `${sayNumber(least)} to ${sayNumber(most)}`
}
