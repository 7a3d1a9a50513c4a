import type { ModelAnswer, SamplePage, ShownExample } from '../../protocol/samples.ts'
import { h, type Child, type MarkupElement } from '../markup.ts'
import { countOf, sayCount, sayProbability } from '../numbers.ts'
import { table } from '../table.ts'

/** The examples behind a row: pictures as pictures, rows of a table as rows. */
export function samplesMarkup(page: SamplePage): MarkupElement {
  const { samples, total, offset } = page
  if (samples.length === 0) return h('p', { class: 'dim' }, 'There are no such examples.')
  const shown =
    samples.length === total
      ? countOf(total, 'example')
      : `${sayCount(offset + 1)} to ${sayCount(offset + samples.length)} of ${countOf(total, 'example')}`
  return h(
    'div',
    { class: 'samples' },
    h('p', { class: 'dim' }, `${shown}, the worst first.`),
    samples.some(({ image }) => image !== undefined) ? gallery(page) : rows(page),
  )
}

const gallery = (page: SamplePage): MarkupElement =>
  h(
    'ul',
    { class: 'gallery' },
    page.samples.map((sample) => h('li', {}, picture(sample), captionOf(sample, page))),
  )

function picture({ image, label, candidate, id }: ShownExample): Child {
  if (image === undefined) return undefined
  return h('img', {
    src: `data:image/png;base64,${image.png}`,
    width: image.width,
    height: image.height,
    alt: `Example ${id}: ${label}, answered ${candidate.answer}`,
  })
}

const captionOf = ({ label, candidate, reference }: ShownExample, page: SamplePage): Child => [
  h('span', {}, 'Truth: ', h('strong', {}, label)),
  answerLine('Answer', candidate, label),
  reference !== undefined && answerLine(nameOfReference(page), reference, label),
]

const nameOfReference = ({ reference }: SamplePage): string =>
  reference === undefined ? 'Reference' : reference.model === 'champion' ? 'Champion' : 'Anchor'

const answerLine = (name: string, { answer, pAnswer }: ModelAnswer, label: string): MarkupElement =>
  h(
    'span',
    { class: answer === label ? 'is-right' : 'is-wrong' },
    `${name}: `,
    h('strong', {}, answer),
    ' ',
    h('span', { class: 'nowrap' }, `${answer === label ? '✓' : '✕'} ${sayProbability(pAnswer)}`),
  )

function rows(page: SamplePage): MarkupElement {
  const names = Object.keys(page.samples[0]?.columns ?? {})
  const hasReference = page.reference !== undefined
  return h(
    'div',
    { class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'Examples; scrolls sideways' },
    table(
      'Examples, the worst first',
      [
        { title: 'Example' },
        { title: 'Truth' },
        { title: 'Answer' },
        ...(hasReference ? [{ title: nameOfReference(page) }] : []),
        ...names.map((title) => ({ title })),
      ],
      page.samples.map((sample) => rowOf(sample, { names, hasReference })),
    ),
  )
}

const rowOf = (
  { id, row, label, candidate, reference, columns }: ShownExample,
  { names, hasReference }: { names: readonly string[]; hasReference: boolean },
): Child[] => [
  row === undefined ? id : h('span', { title: id }, `row ${sayCount(row + 1)}`),
  label,
  cell(candidate, label),
  ...(hasReference ? [reference === undefined ? '–' : cell(reference, label)] : []),
  ...names.map((name) => {
    const value = columns?.[name] ?? ''
    return value === '' ? h('span', { class: 'dim' }, 'missing') : value
  }),
]

const cell = ({ answer, pAnswer }: ModelAnswer, label: string): MarkupElement =>
  h(
    'span',
    { class: answer === label ? 'is-right' : 'is-wrong' },
    h('strong', {}, answer),
    ' ',
    h('span', { class: 'nowrap' }, `${answer === label ? '✓' : '✕'} ${sayProbability(pAnswer)}`),
  )
