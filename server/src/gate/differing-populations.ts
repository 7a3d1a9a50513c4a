import type { CheckRow } from '@panal/client-core'
import type { Examples, JudgedPopulation } from './contract.ts'
import { generalRule, readInterval, type RuledVerdict } from './general-rule.ts'
import { points, pValue } from './say.ts'
import { predictedClasses } from './statistics/accuracy.ts'
import { normalCdf } from './statistics/distributions.ts'
import { differenceWith } from './statistics/kitagawa.ts'
import { mixDifference, type MixDifference } from './statistics/mix-difference.ts'
import { requiredSampleSize } from './statistics/sample-size.ts'
import { simpson, type SimpsonReport } from './statistics/simpson.ts'
import type { Arm, Stratum } from './statistics/strata.ts'
import { stratifiersOf, type Stratifier } from './stratifiers.ts'
import type { SegmentSpec } from './segments.ts'

/**
 * Candidate and reference were measured on different examples: the mix of strata may differ, and then the difference of
 * totals says nothing. The verdict is that of the difference adjusted for the mix, by the stratifier by which the mixes
 * differ most surely; it is chosen by where examples are, and not by what was answered. Any other leaves part of the
 * change of mix in what it calls a fall, so it only tells. A fall of the total that the mix explains does not block, and a
 * fall that it hides does.
 */
export function comparePopulations(
  of: { readonly candidate: JudgedPopulation; readonly reference: JudgedPopulation },
  specs: readonly SegmentSpec[],
  { alpha, margin }: { readonly alpha: number; readonly margin: number },
): CheckRow[] {
  const [own, theirs] = [stratified(of.candidate, specs), stratified(of.reference, specs)]
  const compared = [...own].flatMap(([name, arms]) => {
    const strata = strataOf(arms, theirs.get(name) ?? new Map<string, Arm>())
    const found = simpson(strata, alpha)
    return found === undefined ? [] : [{ name, found, mix: mixDifference(strata) }]
  })
  const most = Math.max(...compared.map(({ mix }) => mix.excess))
  const decisive = compared.find(({ mix }) => mix.excess === most)
  return compared.map((each) =>
    rowOf(each, { decides: decisive!.name, alpha, margin, n: of.candidate.predictions.labels.length }),
  )
}

type Arms = ReadonlyMap<string, Arm>

/** Right answers by stratum, by stratifier; where the task declares none, all are one stratum. */
function stratified(
  { examples, predictions }: JudgedPopulation,
  specs: readonly SegmentSpec[],
): ReadonlyMap<string, Arms> {
  const right = predictedClasses(predictions).map((answer, row) => (answer === predictions.labels[row] ? 1 : 0))
  const all: Stratifier = { name: 'nothing', strata: [everyone(examples)] }
  // A client of one population is none of the other's, whatever its number.
  const declared = stratifiersOf(specs, examples).filter(({ areClients }) => areClients !== true)
  const stratifiers = declared.length === 0 ? [all] : declared
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

function rowOf(
  { name, found, mix }: { readonly name: string; readonly found: SimpsonReport; readonly mix: MixDifference },
  {
    decides,
    alpha,
    margin,
    n,
  }: { readonly decides: string; readonly alpha: number; readonly margin: number; readonly n: number },
): CheckRow {
  const { aggregate, adjusted, parts, labels, dropped } = found
  const p = adjusted.se > 0 ? normalCdf(adjusted.estimate / adjusted.se) : adjusted.estimate < 0 ? 0 : 1
  const nRequired = requiredSampleSize({ sd: adjusted.se * Math.sqrt(n), margin, alpha })
  const { interval } = differenceWith(adjusted.estimate, adjusted.se, 2 * alpha)
  const { isAboveMargin } = readInterval(interval, margin)
  const ruled = generalRule({ estimate: adjusted.estimate, margin, isAboveMargin, isHarm: p < alpha, n, nRequired })
  const figures = [
    `adjusted for ${name} ${points(adjusted.estimate)} (${pValue(p)} of harm)`,
    `in total ${points(aggregate.estimate)}, of which the mix is ${points(parts.mixPart)}`,
    ...(dropped.length > 0 ? [`not in both: ${dropped.join(', ')}`] : []),
    ...(name === decides ? [] : [`the mixes differ more by ${decides}, which decides`]),
  ].join('; ')
  const said = labels.length > 0 ? `${labels.join(', ')}: accuracy` : 'Accuracy'
  return {
    metric: `accuracy, adjusted for ${name}`,
    estimate: adjusted.estimate,
    interval,
    level: 1 - 2 * alpha,
    n,
    nRequired,
    p,
    margin,
    test: `direct standardisation; χ² of the mixes ${mix.statistic.toFixed(1)} on ${mix.df} df`,
    verdict: verdictOf(ruled, { decides: name === decides, isRemarkable: labels.length > 0 }),
    reason: `${said} on other examples than the champion’s, ${figures}.`,
  }
}

/** A reversal and a change of mix are told, whatever decides; they excuse neither harm nor too few examples. */
function verdictOf(
  ruled: RuledVerdict,
  { decides, isRemarkable }: { readonly decides: boolean; readonly isRemarkable: boolean },
): RuledVerdict {
  if (decides && (ruled === 'BLOCK' || ruled === 'NOT_ENOUGH_DATA')) return ruled
  if (isRemarkable) return 'WARN'
  return decides ? ruled : 'PASS'
}
