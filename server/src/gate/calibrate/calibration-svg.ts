import { drawFigure, h, markupText, type MarkupElement } from '@panal/client-core'
import { detectionCurves } from './calibration-figures.ts'
import type { CalibrationReport } from './calibration-report.ts'

/** Colours of lines in their order, as in a report on paper. */
const colors = ['#b36b00', '#2b6cb0', '#08704f', '#862e9c', '#c22525', '#565d64'] as const

/** A picture in a page of documentation has no style sheet around it, and a light ground under it. */
const styles = [
  'text { font: 12px sans-serif; fill: #5a6169 } .title { font-weight: 600; fill: #22262b }',
  '.grid { stroke: #e4dfd4 } .axis, .tick { stroke: #5a6169 }',
  '.line { fill: none; stroke: var(--s); stroke-width: 2.2 } .line.s1 { stroke-dasharray: 7 3 } .line.s2 { stroke-dasharray: 2 3 }',
  '.mark { fill: var(--s) } .band { fill: var(--s); fill-opacity: .14 }',
  ...colors.map((color, i) => `.s${i} { --s: ${color} }`),
].join('\n')

const [width, height, space] = [360, 320, 24]

/** The pictures of a calibration, side by side, as one SVG file: of each scale of sizes that was tried. */
export function calibrationSvg(report: CalibrationReport): string {
  const curves = detectionCurves(report)
  const fullWidth = Math.max(width, curves.length * (width + space) - space)
  const says = curves.map(({ title }) => title).join('; ')
  const file = h(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${fullWidth} ${height}`,
      width: fullWidth,
      height,
      role: 'img',
      'aria-label': says,
    },
    h('style', {}, styles),
    h('rect', { width: fullWidth, height, fill: '#ffffff' }),
    curves.map((curve, i) => {
      const { title, picture } = drawFigure(curve)
      const names = curve.lines.map(({ name }) => name)
      return h(
        'g',
        { transform: `translate(${i * (width + space)} 0)` },
        h('text', { class: 'title', x: 8, y: 16 }, title),
        legend(names),
        h('g', { transform: 'translate(0 48)' }, picture.children.filter(isDrawn)),
      )
    }),
  )
  return `${markupText(file)}\n`
}

/** What screen readers read of one picture is said of all of them together. */
const isDrawn = (child: MarkupElement | string): child is MarkupElement =>
  typeof child !== 'string' && child.tag !== 'title' && child.tag !== 'desc'

const legend = (names: readonly string[]): MarkupElement =>
  h(
    'g',
    { transform: 'translate(8 34)' },
    names.map((name, i) =>
      h(
        'g',
        { transform: `translate(${110 * i} 0)` },
        h('line', { class: `line s${i}`, x1: 0, x2: 24, y1: -4, y2: -4 }),
        h('text', { x: 30 }, name),
      ),
    ),
  )
