import type { CheckRow, SampleQuery } from '@panal/client-core'
import { clusteredHarmP } from './clustered-differences.ts'
import { changesIn, countOutcomes, outcomesOf, type Outcomes, type Pair } from './compared.ts'
import type { Predictions } from './contract.ts'
import { aucDifferenceOf } from './area-differences.ts'
import { points, pValue } from './say.ts'
import { minSegment } from './segment-power.ts'
import type { Segment } from './segments.ts'
import { clusterTotals } from './statistics/clusters.ts'
import type { Discordance } from './statistics/discordance.ts'
import { differenceWith } from './statistics/kitagawa.ts'
import { mcnemarHarmP } from './statistics/mcnemar.ts'
import { benjaminiHochberg, holm } from './statistics/multiple-testing.ts'
import { sum } from './statistics/summation.ts'
import type { Stratifier } from './stratifiers.ts'

export interface MaskingSettings {
  readonly alpha: number
  /** A fall of accuracy that matters. */
  readonly margin: number
  /** Of sign flips of clients. */
  readonly seed: string
  /** [numExamples] whose example each is. */
  readonly clusters?: ArrayLike<number> | undefined
}

interface Hidden {
  readonly worst: Segment
  readonly fall: number
  readonly n: number
  /** Of H₀ "no stratum is worse", by Simes: the least of the strata's p-values after Benjamini–Hochberg. */
  readonly p: number
  readonly test: string
}

/**
 * Whether the whole holds while a part falls, by each stratifier. On one set the mix is the same for both models, so
 * accuracy cannot reverse; what is hidden is a stratum that is worse beyond chance where all together are not.
 */
export function maskedHarm(pair: Pair, stratifiers: readonly Stratifier[], settings: MaskingSettings): CheckRow[] {
  const outcomes = outcomesOf(pair)
  const rows = Int32Array.from(outcomes.right.candidate.keys())
  const whole = { name: 'all', rows, counts: countOutcomes(outcomes, rows) }
  const isOpen = harmIn(whole, outcomes, settings).p < settings.alpha
  const found = stratifiers.map((each) => hiddenIn(each, outcomes, settings))
  const { adjusted } = holm(found.map((each) => each?.p ?? NaN))
  return stratifiers.map((stratifier, i): CheckRow => {
    const metric = `accuracy by ${stratifier.name}`
    const hidden = found[i]
    if (hidden === undefined) return { metric, verdict: 'NOT_ENOUGH_DATA', reason: noneIsJudged(stratifier) }
    const adjustedP = adjusted[i]!
    const { worst, fall, n, p, test } = hidden
    const left = leftOut(stratifier)
    const row = {
      metric,
      segment: worst.name,
      estimate: fall,
      n,
      p,
      adjustedP,
      margin: settings.margin,
      test: `${test}, Simes`,
      // Which examples are a client's, no query says.
      ...(stratifier.areClients !== true && { samples: samplesOf(worst) }),
    } as const
    const isHarm = adjustedP < settings.alpha && fall <= -settings.margin
    if (!isHarm)
      return {
        ...row,
        verdict: 'PASS',
        reason: `No stratum is hidden that is worse beyond chance (${pValue(adjustedP)})${left}.`,
      }
    const what = `accuracy in ${worst.name} changed by ${points(fall)} (${pValue(adjustedP)})`
    return isOpen
      ? {
          ...row,
          verdict: 'PASS',
          reason: `Nothing is hidden: ${what}, and the whole is worse beyond chance as well${left}.`,
        }
      : { ...row, verdict: 'WARN', reason: `Masked: ${what}, while the whole is not worse beyond chance${left}.` }
  })
}

const samplesOf = ({ where }: Segment): SampleQuery => ({ set: 'gate', where, order: 'regression' })

const isJudged = ({ rows }: Segment): boolean => rows.length >= minSegment

const noneIsJudged = ({ strata, areClients = false }: Stratifier): string =>
  areClients
    ? `None of the ${strata.length} clients has the ${minSegment} examples that it takes to judge one apart.`
    : 'No stratum has examples enough to be judged.'

/** Of clients, how many were not looked at: there may be thousands, and no row names each. */
function leftOut({ strata, areClients = false }: Stratifier): string {
  const judged = strata.filter(isJudged).length
  return areClients && judged < strata.length
    ? `; of ${strata.length} clients, ${judged} have the ${minSegment} examples that it takes to judge one apart`
    : ''
}

/** One-sided, of H₀ "not worse". Within one client its examples are what is drawn; elsewhere clients are, if there are any. */
function harmIn(
  { name, rows, counts }: { name: string; rows: Int32Array; counts: Pick<Discordance, 'lost' | 'won'> },
  outcomes: Outcomes,
  { seed, clusters }: Pick<MaskingSettings, 'seed' | 'clusters'>,
): { readonly p: number; readonly test: string } {
  if (clusters === undefined) return { p: mcnemarHarmP(counts), test: 'McNemar mid-p' }
  const of = Int32Array.from(rows, (row) => clusters[row]!)
  return {
    p: clusteredHarmP(changesIn(outcomes, rows), { seed: `${seed}/${name}`, clusters: of }),
    test: 'sign flips of clients',
  }
}

function hiddenIn(
  { strata, areClients = false }: Stratifier,
  outcomes: Outcomes,
  { seed, clusters }: MaskingSettings,
): Hidden | undefined {
  const tested = strata.filter(isJudged).map((segment) => {
    const counts = countOutcomes(outcomes, segment.rows)
    const drawing = areClients ? { seed } : { seed, clusters }
    return { segment, counts, ...harmIn({ ...segment, counts }, outcomes, drawing) }
  })
  if (tested.length === 0) return undefined
  const { adjusted } = benjaminiHochberg(tested.map(({ p }) => p))
  const least = Math.min(...adjusted.map((q) => q ?? 1))
  const { segment, counts, test } = tested[adjusted.indexOf(least)]!
  return { worst: segment, fall: (counts.won - counts.lost) / counts.n, n: counts.n, p: least, test }
}

/**
 * AUC is no mean over examples, so it can reverse on one set: better in each stratum and worse on the whole. Strata
 * weigh by their examples. Two classes only; strata with fewer than 10 of either are left out. Of two differences about 0
 * the signs differ by chance, so one of them at least must be clear (Holm over stratifiers).
 */
export function reversedAreas(
  pair: Pair,
  stratifiers: readonly Stratifier[],
  { alpha, clusters }: MaskingSettings,
): CheckRow[] {
  if (pair.candidate.numClasses !== 2) return []
  const options = { margin: 1, alpha }
  const whole = aucDifferenceOf(pair, { ...options, clusters })
  if ('because' in whole) return []
  const found = stratifiers.flatMap(({ name, strata, areClients = false }) => {
    const drawn = areClients ? undefined : clusters
    const parts = strata.flatMap(({ rows }) => {
      const of = drawn && Int32Array.from(rows, (row) => drawn[row]!)
      const part = aucDifferenceOf(
        { candidate: only(pair.candidate, rows), reference: only(pair.reference, rows) },
        { ...options, clusters: of },
      )
      return 'because' in part ? [] : [{ ...part, rows }]
    })
    if (parts.length < 2) return []
    const total = sum(parts.map(({ comparison }) => comparison.n))
    const weighted = (of: (part: (typeof parts)[number]) => number) =>
      sum(parts.map((part) => (part.comparison.n / total) * of(part)))
    const estimate = weighted(({ comparison }) => comparison.estimate)
    const variance = sum(parts.map((part) => ((part.comparison.n / total) * part.se) ** 2))
    const se = drawn === undefined ? Math.sqrt(variance) : seOverClusters(parts, drawn, total)
    const adjusted = differenceWith(estimate, se, 2 * alpha)
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

/** The same clients are in several strata: what each moves is added up over all of them, and then squared. */
function seOverClusters(
  parts: readonly { readonly rows: Int32Array; readonly influences: Float64Array }[],
  clusters: ArrayLike<number>,
  total: number,
): number {
  const moved = parts.flatMap(({ rows, influences }) => Array.from(influences, (each) => (each * rows.length) / total))
  const of = parts.flatMap(({ rows }) => Array.from(rows, (row) => clusters[row]!))
  const { sums } = clusterTotals(moved, of)
  return Math.sqrt((sum(sums.map((each) => each * each)) * sums.length) / (sums.length - 1))
}

const signed = (difference: number): string => `${difference > 0 ? '+' : ''}${difference.toFixed(4)}`

/** The predictions on these rows. */
function only({ probabilities, labels, numClasses }: Predictions, rows: Int32Array): Predictions {
  const chosen = new Float32Array(rows.length * numClasses)
  rows.forEach((row, i) => chosen.set(probabilities.subarray(row * numClasses, (row + 1) * numClasses), i * numClasses))
  return { probabilities: chosen, labels: Int32Array.from(rows, (row) => labels[row]!), numClasses }
}
