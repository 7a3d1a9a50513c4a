import { fold, h, type MarkupElement } from '@panal/client-core'

/** A picture of results, with the names of its lines in it, so that it can stand alone. */
export interface ResultFigure {
  /** A file's name, without its ending. */
  readonly id: string
  readonly title: string
  /** How it is read, in a sentence or two. */
  readonly says: string
  readonly picture: MarkupElement
  readonly numbers?: MarkupElement
  /** Code that draws the same from the CSV files; see notebook-code.ts. */
  readonly python: string
}

/** On a page, as a report has figures. */
export const figureOnPage = ({ title, says, picture, numbers }: ResultFigure): MarkupElement =>
  h(
    'figure',
    { class: 'figure' },
    h('figcaption', {}, h('strong', {}, title), h('p', { class: 'dim' }, says)),
    picture,
    numbers !== undefined && fold('The numbers', false, numbers),
  )
