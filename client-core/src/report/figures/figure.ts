import type { Figure } from '../../protocol/gate-report.ts'
import { h, type MarkupElement } from '../markup.ts'
import { fold } from '../table.ts'
import { drawConfusion } from './confusion.ts'
import { drawCurve } from './curve.ts'
import type { DrawnFigure } from './drawn.ts'
import { drawForest } from './forest.ts'
import { drawHistogram } from './histogram.ts'
import { drawReliability } from './reliability.ts'

export function drawFigure(figure: Figure): DrawnFigure {
  switch (figure.kind) {
    case 'reliability':
      return drawReliability(figure)
    case 'forest':
      return drawForest(figure)
    case 'curve':
      return drawCurve(figure)
    case 'confusion':
      return drawConfusion(figure)
    case 'histogram':
      return drawHistogram(figure)
  }
}

/** The picture with its title, how it is read, and its numbers. */
export function figureMarkup(figure: Figure): MarkupElement {
  const { title, says, legend, picture, numbers } = drawFigure(figure)
  return h(
    'figure',
    { class: `figure ${figure.kind}` },
    h('figcaption', {}, h('strong', {}, title), h('p', { class: 'dim' }, says)),
    legend,
    picture,
    numbers !== undefined && fold('The numbers', false, numbers),
  )
}
