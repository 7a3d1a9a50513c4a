import type { CheckRow } from '@panal/client-core'
import type { Examples, JudgedPopulation, Predictions } from './contract.ts'
import { generalRule, readInterval } from './general-rule.ts'
import { points, pValue } from './say.ts'
import { predictedClasses } from './statistics/accuracy.ts'
import { normalCdf } from './statistics/distributions.ts'
import { differenceWith } from './statistics/kitagawa.ts'
import { holm } from './statistics/multiple-testing.ts'
import { requiredSampleSize } from './statistics/sample-size.ts'
import { simpson, type SimpsonReport } from './statistics/simpson.ts'
import type { Arm, Stratum } from './statistics/strata.ts'
import { stratifiersOf, type Stratifier } from './stratifiers.ts'
import type { SegmentSpec } from './segments.ts'

/**
 * Candidate and reference were measured on different examples: the mix of strata may differ, and then the difference of
 * totals says nothing. The verdict is that of the difference adjusted for the mix, by each stratifier (Holm over them):
 * a fall of the total that the mix alone explains does not block, and a fall that it hides does.
 */
export function comparePopulations(
  of: { readonly candidate: JudgedPopulation; readonly reference: JudgedPopulation },
  specs: readonly SegmentSpec[],
  { alpha, margin }: { readonly alpha: number; readonly margin: number },
): CheckRow[] {
  const [own, theirs] = [stratified(of.candidate, specs), stratified(of.reference, specs)]
  const reports = [...own].flatMap(([name, arms]) => {
    const found = simpson(strataOf(arms, theirs.get(name) ?? new Map<string, Arm>()), alpha)
    return found === undefined ? [] : [{ name, found }]
  })
  const harm = reports.map(({ found: { adjusted } }) =>
    adjusted.se > 0 ? normalCdf(adjusted.estimate / adjusted.se) : adjusted.estimate < 0 ? 0 : 1,
  )
  const { adjusted: harmP } = holm(harm)
  return reports.map((report, i) => rowOf(report, { p: harm[i]!, adjustedP: harmP[i]!, alpha, margin, n: sizeOf(of) }))
}

type Arms = ReadonlyMap<string, Arm>

/** Right answers by stratum, by stratifier; where the task declares none, all are one stratum. */
function stratified(
  { examples, predictions }: JudgedPopulation,
  specs: readonly SegmentSpec[],
): ReadonlyMap<string, Arms> {
  const right = predictedClasses(predictions).map((answer, row) => (answer === predictions.labels[row] ? 1 : 0))
  const all: Stratifier = { name: 'nothing', strata: [everyone(examples)] }
  const stratifiers = specs.length === 0 ? [all] : stratifiersOf(specs, examples)
  return new Map(
    stratifiers.map(({ name, strata }) => [
      name,
      new Map(
        strata.map((each) => [
          each.name,
          { n: each.rows.length, hits: each.rows.reduce((sum, row) => sum + right[row]!, 0) },
        ]),
      ),
    ]),
  )
}

const everyone = ({ numExamples }: Examples) => ({
  name: 'all',
  where: [],
  critical: false,
  rows: Int32Array.from({ length: numExamples }, (_, row) => row),
})

function strataOf(own: Arms, theirs: Arms): Stratum[] {
  const nobody: Arm = { n: 0, hits: 0 }
  return [...new Set([...own.keys(), ...theirs.keys()])].map((name) => ({
    name,
    candidate: own.get(name) ?? nobody,
    reference: theirs.get(name) ?? nobody,
  }))
}

const sizeOf = (of: { readonly candidate: { readonly predictions: Predictions } }): number =>
  of.candidate.predictions.labels.length

function rowOf(
  { name, found }: { readonly name: string; readonly found: SimpsonReport },
  of: {
    readonly p: number
    readonly adjustedP: number
    readonly alpha: number
    readonly margin: number
    readonly n: number
  },
): CheckRow {
  const { aggregate, adjusted, parts, labels, dropped } = found
  const { alpha, margin, n } = of
  const nRequired = requiredSampleSize({ sd: adjusted.se * Math.sqrt(n), margin, alpha })
  const { interval } = differenceWith(adjusted.estimate, adjusted.se, 2 * alpha)
  const { isAboveMargin } = readInterval(interval, margin)
  const isHarm = of.adjustedP < alpha
  const ruled = generalRule({ estimate: adjusted.estimate, margin, isAboveMargin, isHarm, n, nRequired })
  const isRemarkable = labels.length > 0 && ruled !== 'BLOCK'
  const figures = [
    `adjusted for ${name} ${points(adjusted.estimate)} (${pValue(of.adjustedP)} of harm)`,
    `in total ${points(aggregate.estimate)}, of which the mix is ${points(parts.mixPart)}`,
    ...(dropped.length > 0 ? [`not in both: ${dropped.join(', ')}`] : []),
  ].join('; ')
  const said = labels.length > 0 ? `${labels.join(', ')}: accuracy` : 'Accuracy'
  return {
    metric: `accuracy, adjusted for ${name}`,
    estimate: adjusted.estimate,
    interval,
    level: 1 - 2 * alpha,
    n,
    nRequired,
    p: of.p,
    adjustedP: of.adjustedP,
    margin,
    test: 'direct standardisation',
    verdict: isRemarkable ? 'WARN' : ruled,
    reason: `${said} on other examples than the champion’s, ${figures}.`,
  }
}
