import type { Difference } from '../gate/statistics/kitagawa.ts'
import type { SimpsonReport } from '../gate/statistics/simpson.ts'
import { pooled, rate, type Arm } from '../gate/statistics/strata.ts'
import type { ComparedTable, Comparison } from '../gate/strata-of-table.ts'
import { fields, table } from './output.ts'

/** The report as a person reads it: the strata, what they add up to, and what that means. */
export function simpsonText(comparison: Comparison, compared: ComparedTable, report: SimpsonReport): string {
  const { candidate, reference, numLeftOut } = compared
  const { outcome, strata } = comparison
  const leftOut = numLeftOut === 0 ? [] : [`${numLeftOut} cases are left out: a value is missing.`]
  const dropped =
    report.dropped.length === 0
      ? []
      : [`Left out, for only one group has cases there: ${strata} ${report.dropped.join(', ')}.`]
  return [
    `${outcome.column}=${outcome.value}: ${candidate} − ${reference}, by ${strata}`,
    '',
    strataTable(comparison, compared, report),
    fields(figures(report)),
    ...meaning(comparison, compared, report),
    ...dropped,
    ...leftOut,
    '',
  ].join('\n')
}

function strataTable({ strata: column }: Comparison, compared: ComparedTable, report: SimpsonReport): string {
  const { strata, candidate, reference } = compared
  const shown = strata.flatMap((stratum) => {
    const found = report.strata.find(({ name }) => name === stratum.name)
    return found === undefined ? [] : [{ ...stratum, ...found }]
  })
  const arms = (of: 'candidate' | 'reference') => pooled(shown.map((each) => each[of]))
  const rows = shown.map((each) => [
    each.name,
    ...armCells(each.candidate),
    ...armCells(each.reference),
    points(each.difference.estimate),
    between(each.difference),
  ])
  const total = ['all', ...armCells(arms('candidate')), ...armCells(arms('reference'))]
  const head = [column, candidate, '', reference, '', 'difference', '95 % interval']
  return table(head, [...rows, [...total, points(report.aggregate.estimate), between(report.aggregate)]])
}

const armCells = (arm: Arm): readonly string[] => [`${arm.hits}/${arm.n}`, `${(100 * rate(arm)).toFixed(2)} %`]

function figures({ aggregate, adjusted, parts, common, homogeneity, labels, isHeterogeneous }: SimpsonReport) {
  const difference = (of: Difference) => `${points(of.estimate)} (${between(of)}), ${pValue(of.p)}`
  return {
    'aggregate difference': difference(aggregate),
    'adjusted difference': `${difference(adjusted)}: the same mix on both sides`,
    'of it: rates, mix (Kitagawa)': `${points(parts.ratePart)}, ${points(parts.mixPart)}`,
    'odds ratio (Mantel–Haenszel)':
      common === undefined
        ? 'none: no stratum has both hits and misses to compare'
        : `${common.oddsRatio.toFixed(4)} (${common.interval.map((end) => end.toFixed(4)).join(' to ')})`,
    'association (CMH)':
      common &&
      `χ² ${common.cmh.toFixed(4)}, ${pValue(common.p)}${common.isSparse ? '; too few cases for this test' : ''}`,
    'one odds ratio for all (Breslow–Day)':
      homogeneity && `χ² ${homogeneity.statistic.toFixed(4)}, ${homogeneity.df} df, ${pValue(homogeneity.p)}`,
    labels: [...labels, ...(isHeterogeneous ? ['HETEROGENEOUS'] : [])].join(' ') || 'NONE',
  }
}

/** A paragraph, a sentence or two for each label. */
function meaning({ strata: column }: Comparison, compared: ComparedTable, report: SimpsonReport): string[] {
  const { candidate, reference } = compared
  const { aggregate, adjusted, labels, parts, isHeterogeneous } = report
  const higher = ({ estimate }: { estimate: number }) => (estimate > 0 ? candidate : reference)
  const by = ({ estimate }: { estimate: number }) => `${(100 * Math.abs(estimate)).toFixed(1)} points`
  const reversal = `On the whole ${higher(aggregate)} has the higher rate, by ${by(aggregate)}; with the same mix of ${column} on both sides it is ${higher(adjusted)}, by ${by(adjusted)}.`
  const masked = report.strata.filter(({ harmQ }) => harmQ !== undefined && harmQ <= 0.1).map(({ name }) => name)
  const sentences = labels.map((label) => {
    if (label === 'REVERSAL_STRONG')
      return `${reversal} Both are beyond chance: the total says the opposite of its parts. Trust the parts.`
    if (label === 'REVERSAL_WEAK')
      return `${reversal} At least one of the two may be chance: the total is no evidence either way.`
    if (label === 'MIX_SHIFT')
      return `Which ${column} the two groups are in makes ${points(parts.mixPart)} of the difference, the rates there ${points(parts.ratePart)}.`
    return `${candidate} is worse beyond chance where ${column} is ${masked.join(', ')}, and the total does not show it.`
  })
  if (isHeterogeneous) sentences.push(`The strata do not share one odds ratio: read them one by one.`)
  if (sentences.length === 0) sentences.push(`The total says what its parts say: nothing is hidden in the mix.`)
  return sentences
}

const sign = (value: number): string => (value < 0 ? '−' : '+')
/** Percentage points, with a sign. */
const points = (share: number): string => `${sign(share)}${(100 * Math.abs(share)).toFixed(2)} pp`
const between = ({ interval }: Difference): string => interval.map(points).join(' to ')
const pValue = (p: number): string => (p < 0.0001 ? 'p < .0001' : `p ${p.toFixed(4)}`)
