import type { CheckRow, SampleQuery } from '@panal/client-core'
import { countOutcomes, outcomesOf, type Outcomes, type Pair } from './compared.ts'
import type { Predictions } from './contract.ts'
import { aucDifferenceOf } from './metric-differences.ts'
import { points, pValue } from './say.ts'
import { minSegment } from './segment-power.ts'
import type { Segment } from './segments.ts'
import { differenceWith } from './statistics/kitagawa.ts'
import { mcnemarHarmP } from './statistics/mcnemar.ts'
import { benjaminiHochberg, holm } from './statistics/multiple-testing.ts'
import { sum } from './statistics/summation.ts'
import type { Stratifier } from './stratifiers.ts'

export interface MaskingSettings {
  readonly alpha: number
  /** A fall of accuracy that matters. */
  readonly margin: number
}

interface Hidden {
  readonly worst: Segment
  readonly fall: number
  readonly n: number
  /** Of H₀ "no stratum is worse", by Simes: the least of the strata's p-values after Benjamini–Hochberg. */
  readonly p: number
}

/**
 * Whether the whole holds while a part falls, by each stratifier. On one set the mix is the same for both models, so
 * accuracy cannot reverse; what is hidden is a stratum that is worse beyond chance where all together are not.
 */
export function maskedHarm(pair: Pair, stratifiers: readonly Stratifier[], settings: MaskingSettings): CheckRow[] {
  const outcomes = outcomesOf(pair)
  const all = countOutcomes(outcomes, Int32Array.from(outcomes.right.candidate.keys()))
  const isOpen = mcnemarHarmP(all) < settings.alpha
  const found = stratifiers.map(({ strata }) => hiddenIn(strata, outcomes))
  const { adjusted } = holm(found.map((each) => each?.p ?? NaN))
  return stratifiers.map(({ name }, i): CheckRow => {
    const metric = `accuracy by ${name}`
    const hidden = found[i]
    if (hidden === undefined)
      return { metric, verdict: 'NOT_ENOUGH_DATA', reason: 'No stratum has examples enough to be judged.' }
    const adjustedP = adjusted[i]!
    const { worst, fall, n, p } = hidden
    const row = {
      metric,
      segment: worst.name,
      estimate: fall,
      n,
      p,
      adjustedP,
      margin: settings.margin,
      test: 'McNemar mid-p, Simes',
      samples: samplesOf(worst),
    } as const
    const isHarm = adjustedP < settings.alpha && fall <= -settings.margin
    if (!isHarm)
      return {
        ...row,
        verdict: 'PASS',
        reason: `No stratum is hidden that is worse beyond chance (${pValue(adjustedP)}).`,
      }
    const what = `accuracy in ${worst.name} changed by ${points(fall)} (${pValue(adjustedP)})`
    return isOpen
      ? { ...row, verdict: 'PASS', reason: `Nothing is hidden: ${what}, and the whole is worse beyond chance as well.` }
      : { ...row, verdict: 'WARN', reason: `Masked: ${what}, while the whole is not worse beyond chance.` }
  })
}

const samplesOf = ({ where }: Segment): SampleQuery => ({ set: 'gate', where, order: 'regression' })

function hiddenIn(strata: readonly Segment[], outcomes: Outcomes): Hidden | undefined {
  const tested = strata
    .filter(({ rows }) => rows.length >= minSegment)
    .map((segment) => ({ segment, counts: countOutcomes(outcomes, segment.rows) }))
  if (tested.length === 0) return undefined
  const { adjusted } = benjaminiHochberg(tested.map(({ counts }) => mcnemarHarmP(counts)))
  const least = Math.min(...adjusted.map((q) => q ?? 1))
  const { segment, counts } = tested[adjusted.indexOf(least)]!
  return { worst: segment, fall: (counts.won - counts.lost) / counts.n, n: counts.n, p: least }
}

/**
 * AUC is no mean over examples, so it can reverse on one set: better in each stratum and worse on the whole. Strata
 * weigh by their examples. Two classes only; strata with fewer than 10 of either are left out. Of two differences about 0
 * the signs differ by chance, so one of them at least must be clear (Holm over stratifiers).
 */
export function reversedAreas(pair: Pair, stratifiers: readonly Stratifier[], { alpha }: MaskingSettings): CheckRow[] {
  if (pair.candidate.numClasses !== 2) return []
  const options = { margin: 1, alpha }
  const whole = aucDifferenceOf(pair, options)
  if ('because' in whole) return []
  const found = stratifiers.flatMap(({ name, strata }) => {
    const parts = strata.flatMap(({ rows }) => {
      const part = aucDifferenceOf(
        { candidate: only(pair.candidate, rows), reference: only(pair.reference, rows) },
        options,
      )
      return 'because' in part ? [] : [part]
    })
    if (parts.length < 2) return []
    const total = sum(parts.map(({ comparison }) => comparison.n))
    const weighted = (of: (part: (typeof parts)[number]) => number) =>
      sum(parts.map((part) => (part.comparison.n / total) * of(part)))
    const estimate = weighted(({ comparison }) => comparison.estimate)
    const variance = sum(parts.map((part) => ((part.comparison.n / total) * part.se) ** 2))
    const adjusted = differenceWith(estimate, Math.sqrt(variance), 2 * alpha)
    return [{ name, n: total, adjusted }]
  })
  const wholeIsClear = 2 * Math.min(whole.harmP, whole.gainP) < alpha
  const { adjusted: corrected } = holm(found.map(({ adjusted }) => adjusted.p))
  return found.map(({ name, n, adjusted }, i): CheckRow => {
    const adjustedP = corrected[i]!
    const areClear = [wholeIsClear, adjustedP < alpha]
    const isReversed = adjusted.estimate * whole.comparison.estimate < 0 && areClear.includes(true)
    const label = areClear.includes(false) ? 'REVERSAL_WEAK' : 'REVERSAL_STRONG'
    const both = `${signed(adjusted.estimate)} within strata and ${signed(whole.comparison.estimate)} on the whole`
    return {
      metric: `AUC by ${name}`,
      estimate: adjusted.estimate,
      interval: adjusted.interval,
      level: 1 - 2 * alpha,
      n,
      p: adjusted.p,
      adjustedP,
      test: 'DeLong, weighted over strata',
      verdict: isReversed ? 'WARN' : 'PASS',
      reason: isReversed ? `${label}: the area changed by ${both}.` : `The area changed by ${both}.`,
    }
  })
}

const signed = (difference: number): string => `${difference > 0 ? '+' : ''}${difference.toFixed(4)}`

/** The predictions on these rows. */
function only({ probabilities, labels, numClasses }: Predictions, rows: Int32Array): Predictions {
  const chosen = new Float32Array(rows.length * numClasses)
  rows.forEach((row, i) => chosen.set(probabilities.subarray(row * numClasses, (row + 1) * numClasses), i * numClasses))
  return { probabilities: chosen, labels: Int32Array.from(rows, (row) => labels[row]!), numClasses }
}
