import { nice, ticks } from 'd3-array'
import { h, type MarkupElement } from './markup.ts'

/** Width of every picture in its own units: about the pixels of a phone, so that text keeps its size on one. */
export const chartWidth = 360

/** A scale of numbers along one side of a picture. */
export interface Axis {
  readonly title: string
  readonly from: number
  readonly to: number
  readonly ticks: readonly number[]
  readonly say: (value: number) => string
}

/** An axis that holds all values, with round ends and ticks. */
export function axisOver(
  values: readonly number[],
  of: Pick<Axis, 'title' | 'say'> & { readonly count?: number },
): Axis {
  const { count = 5, ...about } = of
  const [least, most] = [Math.min(...values), Math.max(...values)]
  // One value alone has no width of its own.
  const air = least === most ? Math.max(Math.abs(least) * 0.1, 1e-6) : 0
  const [from, to] = nice(least - air, most + air, count)
  return { ...about, from, to, ticks: ticks(from, to, count) }
}

/** A picture with axes, and where values lie in it. */
export interface Plot {
  readonly x: (value: number) => number
  readonly y: (value: number) => number
  /** Grid, axes and their titles. */
  readonly frame: MarkupElement
  readonly height: number
  readonly area: { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number }
}

/** Coordinates with two decimals: a tenth of what any screen shows, and the same text on every machine. */
export const at = (value: number): number => Math.round(value * 100) / 100

/** Letters of an axis title that fit beside the axis. */
const maxAcross = 44
const maxUp = 30

export function plot(across: Axis, up: Axis, height = 260): Plot {
  const area = { left: 58, right: chartWidth - 16, top: 12, bottom: height - 48 }
  const x = (value: number) =>
    at(area.left + ((value - across.from) / (across.to - across.from)) * (area.right - area.left))
  const y = (value: number) => at(area.bottom - ((value - up.from) / (up.to - up.from)) * (area.bottom - area.top))
  const frame = h(
    'g',
    { class: 'axes' },
    up.ticks.map((value) => [
      h('line', { class: 'grid', x1: area.left, x2: area.right, y1: y(value), y2: y(value) }),
      h('text', { x: area.left - 8, y: y(value) + 4, 'text-anchor': 'end' }, up.say(value)),
    ]),
    across.ticks.map((value) => [
      h('line', { class: 'tick', x1: x(value), x2: x(value), y1: area.bottom, y2: area.bottom + 5 }),
      h('text', { x: x(value), y: area.bottom + 19, 'text-anchor': 'middle' }, across.say(value)),
    ]),
    h('line', { class: 'axis', x1: area.left, x2: area.right, y1: area.bottom, y2: area.bottom }),
    h(
      'text',
      { class: 'axis-title', x: (area.left + area.right) / 2, y: height - 6, 'text-anchor': 'middle' },
      shorten(across.title, maxAcross),
    ),
    h(
      'text',
      {
        class: 'axis-title',
        'text-anchor': 'middle',
        transform: `translate(11 ${at((area.top + area.bottom) / 2)}) rotate(-90)`,
      },
      shorten(up.title, maxUp),
    ),
  )
  return { x, y, frame, height, area }
}

/** The picture itself; `title` and `says` are what a screen reader reads. */
export const svg = (
  of: { readonly title: string; readonly says: string; readonly width?: number; readonly height: number },
  ...children: Parameters<typeof h>[2][]
): MarkupElement =>
  h(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${of.width ?? chartWidth} ${of.height}`,
      role: 'img',
      'aria-label': `${of.title}. ${of.says}`,
    },
    h('title', {}, of.title),
    h('desc', {}, of.says),
    children,
  )

/** How many kinds of lines and marks there are; what comes after is drawn like what came first. */
const numKinds = 6
export const seriesClass = (index: number): string => `s${index % numKinds}`

/** Marks differ in shape as well, for whoever sees no colours, and for paper. */
export function mark(
  index: number,
  { x, y, r = 4 }: { x: number; y: number; r?: number },
  says: string,
): MarkupElement {
  const attributes = { class: `mark ${seriesClass(index)}` }
  const shapes = [
    () => h('circle', { ...attributes, cx: x, cy: y, r }, h('title', {}, says)),
    () => h('path', { ...attributes, d: diamond(x, y, r * 1.25) }, h('title', {}, says)),
    () => h('rect', { ...attributes, x: at(x - r), y: at(y - r), width: 2 * r, height: 2 * r }, h('title', {}, says)),
  ]
  return shapes[index % shapes.length]!()
}

export const diamond = (x: number, y: number, r: number): string =>
  `M${at(x - r)} ${y}L${x} ${at(y - r)}L${at(x + r)} ${y}L${x} ${at(y + r)}Z`

/** A line through the points, in their order. */
export const lineThrough = (points: readonly (readonly [number, number])[]): string =>
  points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x} ${y}`).join('')

/** What the lines of a picture are called; none where there is only one. */
export const legend = (names: readonly string[]): MarkupElement | undefined =>
  names.length < 2
    ? undefined
    : h(
        'ul',
        { class: 'legend' },
        names.map((name, i) =>
          h(
            'li',
            {},
            h(
              'svg',
              { viewBox: '0 0 28 12', class: 'swatch', 'aria-hidden': 'true' },
              h('line', { class: `line ${seriesClass(i)}`, x1: 0, x2: 28, y1: 6, y2: 6 }),
              mark(i, { x: 14, y: 6, r: 4 }, name),
            ),
            h('span', {}, name),
          ),
        ),
      )

/** A label that has to fit: the middle goes, for the ends tell names apart. */
export const shorten = (text: string, length: number): string => {
  const letters = Array.from(text)
  if (letters.length <= length) return text
  const head = Math.ceil((length - 1) / 2)
  return `${letters.slice(0, head).join('')}…${letters.slice(letters.length - (length - 1 - head)).join('')}`
}
