import type { MarkupElement } from '../markup.ts'

/** A figure as it is put on a page. */
export interface DrawnFigure {
  readonly title: string
  /** How it is read, in one or two sentences. */
  readonly says: string
  readonly legend?: MarkupElement | undefined
  readonly picture: MarkupElement
  /** The numbers it was drawn from; left out where the picture has them. */
  readonly numbers?: MarkupElement
}
