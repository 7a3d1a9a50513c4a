import type { Figure } from '../../protocol/gate-report.ts'
import { at, chartWidth, shorten, svg } from '../chart.ts'
import { h, type MarkupElement } from '../markup.ts'
import { countOf, sayCount, sayShare } from '../numbers.ts'
import { table } from '../table.ts'
import type { DrawnFigure } from './drawn.ts'

type Confusion = Extract<Figure, { kind: 'confusion' }>

/** With more classes, numbers in the cells could not be read; with more still, names at the side could not. */
const maxNumbers = 12
const maxNames = 24
/** Two classes need no more room than this. */
const maxCell = 84
/** Longest list of mistakes in the table. */
const maxMistakes = 30

interface Mistake {
  readonly truth: string
  readonly answer: string
  readonly count: number
  /** Of the examples of the true class. */
  readonly share: number
}

/** What was taken for what: rows are the truth, columns the answer. The shade is the share of the row. */
export function drawConfusion({ title, classes, counts }: Confusion): DrawnFigure {
  const total = counts.flat().reduce((sum, count) => sum + count, 0)
  const right = counts.reduce((sum, row, i) => sum + (row[i] ?? 0), 0)
  const mistakes = mistakesOf({ classes, counts })
  const worst = mistakes
    .slice(0, 3)
    .map(({ truth, answer, count }) => `${truth} taken for ${answer} (${sayCount(count)})`)
  const found =
    total === 0
      ? 'There are no examples.'
      : `${sayCount(right)} of ${countOf(total, 'example')} are on the diagonal, where the answer is right.`
  const says = `${found}${worst.length === 0 ? '' : ` The most frequent mistakes: ${worst.join(', ')}.`}`
  return {
    title,
    says: `Each row is a true class, each column an answer. ${says}`,
    picture: matrix({ title, says, classes, counts }),
    numbers: table(
      `${title}: the most frequent mistakes`,
      [
        { title: 'Truth' },
        { title: 'Answer' },
        { title: 'Examples', isNumber: true },
        { title: 'Of this class', isNumber: true },
      ],
      mistakes
        .slice(0, maxMistakes)
        .map(({ truth, answer, count, share }) => [truth, answer, sayCount(count), sayShare(share)]),
    ),
  }
}

function mistakesOf({ classes, counts }: Pick<Confusion, 'classes' | 'counts'>): Mistake[] {
  const mistakes = counts.flatMap((row, i) => {
    const support = row.reduce((sum, count) => sum + count, 0)
    return row.flatMap((count, j) =>
      i === j || count === 0
        ? []
        : [{ truth: classes[i] ?? '', answer: classes[j] ?? '', count, share: count / support }],
    )
  })
  return mistakes.sort((a, b) => b.count - a.count)
}

function matrix({ title, says, classes, counts }: Pick<Confusion, 'title' | 'classes' | 'counts'> & { says: string }) {
  const n = Math.max(1, classes.length)
  const hasNames = n <= maxNames
  const longest = Math.max(...classes.map((name) => Array.from(name).length), 1)
  const room = hasNames ? Math.min(16, longest) : 0
  const left = 34 + room * 7
  const top = hasNames ? (room * 7 * n > chartWidth - left ? 24 + room * 6 : 40) : 24
  const cell = Math.min(maxCell, (chartWidth - left - 2) / n)
  const isTurned = top > 40
  return svg(
    { title, says, height: at(top + cell * n + 4) },
    h('text', { class: 'axis-title', x: at(left + (cell * n) / 2), y: 13, 'text-anchor': 'middle' }, 'Answer'),
    h(
      'text',
      {
        class: 'axis-title',
        'text-anchor': 'middle',
        transform: `translate(11 ${at(top + (cell * n) / 2)}) rotate(-90)`,
      },
      'Truth',
    ),
    hasNames && names(classes, { left, top, cell, isTurned }),
    counts.map((row, i) => {
      const support = row.reduce((sum, count) => sum + count, 0)
      return row.map((count, j) =>
        cellOf(
          { count, share: support === 0 ? 0 : count / support, isRight: i === j },
          {
            x: left + j * cell,
            y: top + i * cell,
            size: cell,
            hasNumber: n <= maxNumbers,
            says: `${classes[i] ?? ''} taken for ${classes[j] ?? ''}: ${countOf(count, 'example')}`,
          },
        ),
      )
    }),
  )
}

interface Grid {
  readonly left: number
  readonly top: number
  readonly cell: number
  /** Names over the columns stand on their side where they are too long to lie. */
  readonly isTurned: boolean
}

const names = (classes: readonly string[], { left, top, cell, isTurned }: Grid): MarkupElement =>
  h(
    'g',
    { class: 'names' },
    classes.map((name, i) => {
      const [middle, label] = [at(left + (i + 0.5) * cell), shorten(name, 16)]
      return [
        h('text', { x: left - 6, y: at(top + (i + 0.5) * cell + 4), 'text-anchor': 'end' }, label),
        isTurned
          ? h('text', { transform: `translate(${at(middle + 4)} ${top - 6}) rotate(-90)` }, label)
          : h('text', { x: middle, y: top - 7, 'text-anchor': 'middle' }, label),
      ]
    }),
  )

interface Cell {
  readonly x: number
  readonly y: number
  readonly size: number
  readonly hasNumber: boolean
  readonly says: string
}

function cellOf(
  { count, share, isRight }: { readonly count: number; readonly share: number; readonly isRight: boolean },
  { x, y, size, hasNumber, says }: Cell,
): MarkupElement {
  // A few mistakes of a hundred should still be seen: the root lifts them.
  const shade = count === 0 ? 0 : at(0.12 + 0.78 * Math.sqrt(share))
  return h(
    'g',
    { class: isRight ? 'right' : 'wrong' },
    h('rect', { class: 'ground', x: at(x), y: at(y), width: at(size - 1), height: at(size - 1) }),
    count > 0 &&
      h('rect', {
        class: 'shade',
        x: at(x),
        y: at(y),
        width: at(size - 1),
        height: at(size - 1),
        'fill-opacity': shade,
      }),
    h('title', {}, says),
    hasNumber &&
      count > 0 &&
      h(
        'text',
        {
          class: shade > 0.6 ? 'on-shade' : undefined,
          x: at(x + size / 2),
          y: at(y + size / 2 + 4),
          'text-anchor': 'middle',
        },
        sayCount(count),
      ),
  )
}
