import type { CheckRow } from '../../protocol/gate-report.ts'
import type { ReportContext } from '../context.ts'
import { intervalPicture } from '../interval-picture.ts'
import { h, type Child, type MarkupElement } from '../markup.ts'
import { kindOfRow } from '../measured.ts'
import { sayCount, sayInterval, sayP, sayShare, sayValue } from '../numbers.ts'
import { table } from '../table.ts'
import { verdictBadge } from '../verdicts.ts'

/** `Home=rent: accuracy against champion`. */
export const nameOfRow = ({ metric, segment }: CheckRow): string =>
  segment === undefined ? metric.charAt(0).toUpperCase() + metric.slice(1) : `${segment}: ${metric}`

interface RowOptions {
  /** The check has said the same sentence already. */
  readonly isSaid?: boolean
  readonly examples?: ReportContext['examples'] | undefined
}

/** One thing measured: its sentence, its picture, its numbers, and the examples behind it. */
export function rowBlock(row: CheckRow, { isSaid = false, examples }: RowOptions = {}): MarkupElement {
  return h(
    'section',
    { class: 'measured' },
    h('div', { class: 'head' }, h('h4', {}, nameOfRow(row)), verdictBadge(row.verdict)),
    !isSaid && h('p', {}, row.reason),
    h('div', { class: 'measures' }, intervalPicture(row), facts(row)),
    row.samples !== undefined && examples?.(row.samples, 'row'),
  )
}

function facts(row: CheckRow): MarkupElement | undefined {
  const told = factsOf(row)
  return told.length === 0
    ? undefined
    : h(
        'dl',
        { class: 'facts' },
        told.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
      )
}

function factsOf(row: CheckRow): [string, string][] {
  const { estimate, interval, level, n, nRequired, margin, discordance, mdd, adjustedP, test } = row
  const p = tellingP(row)
  const kind = kindOfRow(row)
  const range = level === undefined ? 'Range' : `Range (${sayShare(level).replace('.0', '')} sure)`
  const told: [string, string | undefined][] = [
    ['Measured', estimate === undefined ? undefined : sayValue(estimate, kind)],
    [range, interval && sayInterval(interval, kind)],
    [
      row.warnsOnly ? 'No warning' : kind.isDifference ? 'Allowed' : 'Limit',
      margin === undefined ? undefined : sayMargin(margin, row),
    ],
    ['Examples', n === undefined ? undefined : sayCount(n)],
    ['Needed', nRequired === undefined ? undefined : sayCount(nRequired)],
    ['The two differ on', discordance === undefined ? undefined : sayShare(discordance)],
    ['Smallest visible loss', mdd === undefined ? undefined : sayValue(mdd, { unit: 'points', isDifference: false })],
    ['p', p === undefined ? undefined : sayP(p)],
    ['p, corrected', adjustedP === undefined ? undefined : sayP(adjustedP)],
    ['Test', test],
  ]
  return told.filter((fact): fact is [string, string] => fact[1] !== undefined)
}

/**
 * A row's p is mostly that of "too bad", which a pass refutes. Of what was found to be bad it is all but 1 and says nothing:
 * another test decided.
 */
const tellingP = ({ p, verdict }: CheckRow): number | undefined =>
  verdict === 'BLOCK' && p !== undefined && p > 0.5 ? undefined : p

function sayMargin(margin: number, row: CheckRow): string {
  const kind = kindOfRow(row)
  return kind.isDifference ? `${sayValue(-margin, kind)} or better` : sayValue(margin, kind)
}

/** All rows of a check in short. */
export const rowTable = (caption: string, rows: readonly CheckRow[]): MarkupElement =>
  h(
    'div',
    { class: 'measurements' },
    table(
      caption,
      [
        { title: 'What' },
        { title: 'Measured', isNumber: true },
        { title: 'Range', isNumber: true },
        { title: 'Examples', isNumber: true },
        { title: 'p', isNumber: true },
        { title: 'Verdict' },
        { title: 'In words' },
      ],
      rows.map((row): Child[] => {
        const kind = kindOfRow(row)
        const p = row.adjustedP ?? tellingP(row)
        return [
          nameOfRow(row),
          row.estimate === undefined ? '–' : sayValue(row.estimate, kind),
          row.interval === undefined ? '–' : sayInterval(row.interval, kind),
          row.n === undefined ? '–' : sayCount(row.n),
          p === undefined ? '–' : sayP(p),
          verdictBadge(row.verdict),
          row.reason,
        ]
      }),
    ),
  )
