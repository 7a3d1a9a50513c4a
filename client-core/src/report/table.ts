import { h, type Child, type MarkupElement } from './markup.ts'

export interface Column {
  readonly title: string
  /** Numbers stand at the right, one under the other. */
  readonly isNumber?: boolean
}

/**
 * A table; on a narrow screen each row becomes a card, whose cells name their column. Roles are written out, for a
 * browser takes them away with the layout.
 */
export function table(caption: string, columns: readonly Column[], rows: readonly (readonly Child[])[]): MarkupElement {
  const kind = ({ isNumber }: Column) => (isNumber === true ? 'number' : undefined)
  return h(
    'table',
    { class: 'rows', role: 'table' },
    h('caption', { class: 'sr-only' }, caption),
    h(
      'thead',
      { role: 'rowgroup' },
      h(
        'tr',
        { role: 'row' },
        columns.map((column) => h('th', { scope: 'col', role: 'columnheader', class: kind(column) }, column.title)),
      ),
    ),
    h(
      'tbody',
      { role: 'rowgroup' },
      rows.map((cells) =>
        h(
          'tr',
          { role: 'row' },
          cells.map((cell, i) => {
            const { title = '' } = columns[i] ?? {}
            const attributes = { 'data-label': title, class: kind(columns[i] ?? { title }) }
            return i === 0
              ? h('th', { scope: 'row', role: 'rowheader', ...attributes }, cell)
              : h('td', { role: 'cell', ...attributes }, cell)
          }),
        ),
      ),
    ),
  )
}

/** Something that opens. `open` from the start where the reader should not miss it. */
export const fold = (summary: Child, open: boolean, ...children: readonly Child[]): MarkupElement =>
  h('details', { class: 'fold', open }, h('summary', {}, summary), children)
