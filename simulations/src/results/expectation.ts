import { h, sayCount, sayNumber, table, type MarkupElement } from '@panal/client-core'
import type { HeldFigure, HeldRun, RunRecord } from './run-record.ts'

/** Two digits: of 10,000 test images, each counts. */
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`

const said = {
  rounds: {
    title: 'Rounds to the target',
    say: sayCount,
    inWords: (value: string) => `${value} rounds to the target`,
    missing: 'target not reached',
  },
  accuracy: {
    title: 'Accuracy in the end',
    say: percent,
    inWords: (value: string) => `accuracy ${value} in the end`,
    missing: 'no accuracy in the end',
  },
  loss: {
    title: 'Loss in the end',
    say: sayNumber,
    inWords: (value: string) => `loss ${value} in the end`,
    missing: 'no finite loss in the end',
  },
} as const

const verdict = ({ isMet }: { readonly isMet: boolean }): string => (isMet ? 'met' : 'not met')

function boundOf({ name, atMost, atLeast }: HeldFigure): string {
  const { say } = said[name]
  if (atMost !== undefined) return `at most ${say(atMost)}`
  return atLeast === undefined ? '' : `at least ${say(atLeast)}`
}

function inWords(figure: HeldFigure): string {
  const { name, value, published } = figure
  const { say, inWords, missing } = said[name]
  const result = value === undefined ? missing : inWords(say(value))
  return [result, boundOf(figure), ...(published === undefined ? [] : [`published ${say(published)}`])].join(', ')
}

/** `expectation met: 39 rounds to the target, at most 110, published 87 (the paper, table 2)` */
export function describeExpectation(held: HeldRun): string {
  const source = held.source === undefined ? '' : ` (${held.source})`
  return `expectation ${verdict(held)}: ${held.figures.map(inWords).join('; ')}${source}`
}

/** A row for each figure of each run that is held to one; false where none is. */
export function expectationTable(runs: readonly RunRecord[]): MarkupElement | false {
  const held = runs.flatMap(({ name, seed, expectation }) =>
    expectation === undefined ? [] : [{ name, seed, expectation }],
  )
  if (held.length === 0) return false
  const sources = new Map(
    held.flatMap(({ name, expectation: { source } }) => (source === undefined ? [] : [[name, source]])),
  )
  return h(
    'section',
    {},
    h('h2', {}, 'Held against'),
    table(
      'What was expected of each run, and whether it was met',
      [
        { title: 'Experiment' },
        { title: 'Seed', isNumber: true },
        { title: 'Figure' },
        { title: 'Result', isNumber: true },
        { title: 'Bound', isNumber: true },
        { title: 'Published', isNumber: true },
        { title: 'Expectation' },
      ],
      held.flatMap(({ name, seed, expectation }) =>
        expectation.figures.map((figure) => [
          name,
          String(seed),
          said[figure.name].title,
          figure.value === undefined ? 'none' : said[figure.name].say(figure.value),
          boundOf(figure),
          figure.published === undefined ? '–' : said[figure.name].say(figure.published),
          verdict(figure),
        ]),
      ),
    ),
    [...sources].map(([name, source]) => h('p', {}, `${name} is held against ${source}.`)),
  )
}
