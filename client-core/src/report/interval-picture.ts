import type { CheckRow, GateVerdict } from '../protocol/gate-report.ts'
import { at, chartWidth, diamond, svg } from './chart.ts'
import { h, type Child, type MarkupElement } from './markup.ts'
import { kindOfRow } from './measured.ts'
import { sayInterval, sayValue, type Sayable } from './numbers.ts'

/** Where values lie on a line, so that all of `values` is on it with some air. */
export function lineScale(
  values: readonly number[],
  [left, right]: readonly [number, number],
): (value: number) => number {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const width = most - least
  const air = (width === 0 ? Math.max(Math.abs(most), 1e-6) : width) * 0.12
  return (value) => {
    const share = (value - least + air) / (width + 2 * air)
    return at(left + Math.min(1, Math.max(0, share)) * (right - left))
  }
}

/** The estimate in the verdict's colour and shape, on the bar of its interval. */
export const estimateMark = (
  verdict: GateVerdict,
  { low, high, estimate, y }: { low: number; high: number; estimate: number; y: number },
): Child => [
  h('line', { class: `interval v-${verdict}`, x1: low, x2: high, y1: y, y2: y }),
  verdict === 'BLOCK'
    ? h('rect', { class: `estimate v-${verdict}`, x: at(estimate - 5), y: y - 5, width: 10, height: 10 })
    : verdict === 'WARN'
      ? h('path', { class: `estimate v-${verdict}`, d: diamond(estimate, y, 7) })
      : h('circle', { class: `estimate v-${verdict}`, cx: estimate, cy: y, r: 5.5 }),
]

type Drawable = CheckRow & Required<Pick<CheckRow, 'estimate' | 'interval'>>

const hasInterval = (row: CheckRow): row is Drawable => row.estimate !== undefined && row.interval !== undefined

const height = 66
const middle = 24

/** One row's interval on a line: a difference against its zones, anything else against its limit. None without interval. */
export function intervalPicture(row: CheckRow): MarkupElement | undefined {
  if (!hasInterval(row)) return undefined
  const { estimate, interval, margin, verdict } = row
  const kind = kindOfRow(row)
  const limits = margin === undefined ? [] : kind.isDifference ? [-margin, 0] : [margin]
  const x = lineScale([...interval, estimate, ...limits], [8, chartWidth - 8])
  const [low, high] = interval.map(x) as [number, number]
  return svg(
    {
      title: row.segment === undefined ? row.metric : `${row.metric}, ${row.segment}`,
      says: saysOf(row, kind),
      height,
    },
    kind.isDifference && margin !== undefined && zones(x, margin, row.warnsOnly),
    h('line', { class: 'axis', x1: 0, x2: chartWidth, y1: middle, y2: middle }),
    kind.isDifference && margin !== undefined
      ? limits.map((value) => limitLine(x(value)))
      : (margin === undefined ? interval : limits).map((value) => limitMark(x(value), limitName(value, kind, margin))),
    estimateMark(verdict, { low, high, estimate: x(estimate), y: middle }),
  )
}

/** What each zone is stands at its end of the line, where the two never meet. */
const zones = (x: (value: number) => number, margin: number, warnsOnly = false): Child => [
  h('rect', { class: `zone ${warnsOnly ? 'doubtful' : 'worse'}`, x: 0, y: 4, width: x(-margin), height: 40 }),
  h('rect', { class: 'zone better', x: x(0), y: 4, width: at(chartWidth - x(0)), height: 40 }),
  h('text', { class: warnsOnly ? 'doubtful' : 'worse', x: 0, y: 60 }, warnsOnly ? 'worth a warning' : 'too much worse'),
  h('text', { class: 'better', x: chartWidth, y: 60, 'text-anchor': 'end' }, 'better'),
]

const limitLine = (place: number): MarkupElement => h('line', { class: 'limit', x1: place, x2: place, y1: 4, y2: 44 })

const limitName = (value: number, kind: Sayable, margin: number | undefined): string =>
  margin === undefined ? sayValue(value, kind) : `limit ${sayValue(value, kind)}`

/** Under its place; at the edge, towards the middle. */
function limitMark(place: number, label: string): Child {
  const half = label.length * 3.7
  const shown = at(Math.min(chartWidth - half, Math.max(half, place)))
  return [limitLine(place), h('text', { x: shown, y: 60, 'text-anchor': 'middle' }, label)]
}

function saysOf({ estimate, interval, margin, warnsOnly, verdict }: Drawable, kind: Sayable): string {
  const limit =
    margin === undefined
      ? ''
      : kind.isDifference
        ? `; ${sayValue(-margin, kind)} is ${warnsOnly ? 'worth a warning' : 'too much'}`
        : `; the limit is ${sayValue(margin, kind)}`
  return `Measured ${sayValue(estimate, kind)}, in truth between ${sayInterval(interval, kind).replace(' to ', ' and ')}${limit}. Verdict: ${verdict.toLowerCase().replaceAll('_', ' ')}.`
}
