import type { CheckRow, GateVerdict } from '@panal/client-core'
import { clusteredAccuracy, clusteredMeanByFlips } from './clustered-differences.ts'
import { changesIn, outcomesOf, type Outcomes, type Pair } from './compared.ts'
import {
  accuracyDifferenceOf,
  lossDifference,
  marginOfLoss,
  type Measured,
  type Unmeasured,
} from './metric-differences.ts'
import { count, points } from './say.ts'
import { segmentPower, type SegmentPower } from './segment-power.ts'
import type { Segment } from './segments.ts'
import { benjaminiHochberg, holm } from './statistics/multiple-testing.ts'
import { mean } from './statistics/summation.ts'

export interface SegmentSettings {
  /** A fall of accuracy that matters. */
  readonly margin: number
  /** False discovery rate of harm over gating segments × metrics. */
  readonly q: number
  /** Family-wise, of critical segments being no worse. */
  readonly alpha: number
  readonly detectable: number
  readonly seed: string
  /** [numExamples] whose example each is. */
  readonly clusters?: ArrayLike<number> | undefined
}

export interface JudgedSegment {
  readonly name: string
  readonly isCritical: boolean
  readonly isGating: boolean
  readonly verdict: GateVerdict
  readonly reason: string
  /** Accuracy, then log loss. */
  readonly rows: readonly CheckRow[]
}

/** A rise of log loss, as a share of the reference's, that warns. What blocks is the fall of accuracy. */
const lossMargin = 0.1
/** Of the intervals that are shown: one-sided 5 % each end. */
const shownAlpha = 0.05

interface SegmentMetric {
  readonly of: SegmentPower
  readonly metric: 'accuracy' | 'log loss'
  readonly measured: Measured | Unmeasured
}

/** Judges each segment by what check 9 says, in the order given. */
export function judgeSegments(pair: Pair, segments: readonly Segment[], settings: SegmentSettings): JudgedSegment[] {
  const outcomes = outcomesOf(pair)
  const powers = segmentPower(outcomes, segments, settings)
  const metrics = powers.flatMap((of): SegmentMetric[] => [
    { of, metric: 'accuracy', measured: accuracyOf(of, outcomes, settings) },
    { of, metric: 'log loss', measured: lossOf(of.segment, outcomes, settings) },
  ])
  const { adjusted: harmQ } = benjaminiHochberg(metrics.map(harmPOf))
  const { adjusted: criticalP } = holm(metrics.map(criticalPOf))
  const rows = metrics.map((each, i) => metricRow(each, settings, { harmQ: harmQ[i]!, criticalP: criticalP[i]! }))
  return powers.map(({ segment, isGating }, i) => {
    const own = rows.slice(2 * i, 2 * i + 2)
    const decisive = own.find(({ verdict }) => verdict === 'BLOCK') ?? own.find(({ verdict }) => verdict === 'WARN')
    const { verdict, reason } = decisive ?? own[0]!
    return { name: segment.name, isCritical: segment.critical, isGating, verdict, reason, rows: own }
  })
}

type Drawing = Pick<SegmentSettings, 'seed' | 'clusters'>

/** By example, or by client where the set says whose each is. */
function accuracyOf(
  { segment: { name, rows }, counts }: SegmentPower,
  outcomes: Outcomes,
  { margin, seed, clusters }: Drawing & Pick<SegmentSettings, 'margin'>,
): Measured | Unmeasured {
  if (clusters === undefined) return accuracyDifferenceOf(counts, { margin, alpha: shownAlpha })
  return clusteredAccuracy(
    { changes: changesIn(outcomes, rows), candidateRight: counts.candidateRight },
    { margin, alpha: shownAlpha, seed: `${seed}/${name}`, clusters: Int32Array.from(rows, (row) => clusters[row]!) },
  )
}

function lossOf({ name, rows }: Segment, { losses }: Outcomes, { seed, clusters }: Drawing): Measured | Unmeasured {
  const pick = (values: Float64Array): Float64Array => Float64Array.from(rows, (row) => values[row]!)
  const own = { candidate: pick(losses.candidate), reference: pick(losses.reference) }
  const options = { margin: lossMargin, alpha: shownAlpha, seed: `${seed}/${name}` }
  if (clusters === undefined) return lossDifference(own, options)
  if (rows.length < 2) return { n: rows.length, because: 'there are too few examples' }
  const means = { candidate: mean(own.candidate), reference: mean(own.reference) }
  return clusteredMeanByFlips(
    own.reference.map((loss, i) => loss - own.candidate[i]!),
    means,
    {
      ...options,
      margin: marginOfLoss(lossMargin, means.reference),
      clusters: Int32Array.from(rows, (row) => clusters[row]!),
    },
  )
}

/** NaN where no test is made, which no correction then counts. */
const harmPOf = ({ of, measured }: SegmentMetric): number => (of.isTested && 'harmP' in measured ? measured.harmP : NaN)

/** Of H₀ "worse by the margin or more": critical segments are to refute it, by accuracy. */
const criticalPOf = ({ of, metric, measured }: SegmentMetric): number =>
  of.segment.critical && metric === 'accuracy' && 'numbers' in measured ? (measured.numbers.p ?? NaN) : NaN

interface Corrected {
  readonly harmQ: number | null
  readonly criticalP: number | null
}

function metricRow(
  { of, metric, measured }: SegmentMetric,
  settings: SegmentSettings,
  { harmQ, criticalP }: Corrected,
): CheckRow {
  const { segment, isGating, nRequired, mdd } = of
  const about = { metric: `${metric} against champion`, segment: segment.name } as const
  const samples = { set: 'gate', where: segment.where, order: 'regression' } as const
  if ('because' in measured)
    return {
      ...about,
      n: measured.n,
      nRequired,
      verdict: 'NOT_ENOUGH_DATA',
      reason: 'It has too few examples to be judged.',
      samples,
    }
  const { p: _, nRequired: __, ...numbers } = measured.numbers
  const found = {
    ...about,
    ...numbers,
    nRequired,
    ...(mdd !== undefined && { mdd }),
    p: measured.harmP,
    ...(harmQ !== null && { adjustedP: harmQ }),
    ...(metric === 'log loss' && { warnsOnly: true as const }),
    samples,
  }
  const fall = of.counts.n === 0 ? 0 : (of.counts.won - of.counts.lost) / of.counts.n
  const changed = `accuracy changed by ${points(fall)} on ${count(of.counts.n, 'example')}`
  const isHarm = harmQ !== null && harmQ <= settings.q
  if (isHarm && fall <= -settings.margin)
    return { ...found, verdict: 'BLOCK', reason: `Worse beyond chance, and by enough to matter: ${changed}.` }
  const isShown =
    segment.critical && metric === 'accuracy'
      ? criticalP !== null && criticalP < settings.alpha
      : measured.comparison.isAboveMargin
  if (segment.critical && metric === 'accuracy' && !isShown)
    return {
      ...found,
      verdict: 'NOT_ENOUGH_DATA',
      reason: `${isHarm ? 'Worse beyond chance' : 'No harm beyond chance'}, and not shown to be within the margin: ${changed}.`,
    }
  // A loss that rose a little everywhere is certain soon, and means little.
  if (isHarm && (metric === 'accuracy' || measured.comparison.estimate <= -measured.comparison.margin))
    return {
      ...found,
      verdict: 'WARN',
      reason: `Worse beyond chance by ${metric}, ${metric === 'accuracy' ? 'and not by enough to block' : 'which alone never blocks'}: ${changed}.`,
    }
  if (!isGating && !segment.critical)
    return {
      ...found,
      verdict: 'NOT_ENOUGH_DATA',
      reason: `No harm beyond chance, and too few examples to be sure of finding one: ${changed}.`,
    }
  return isShown
    ? { ...found, verdict: 'PASS', reason: `No worse by the margin, beyond chance: ${changed}.` }
    : {
        ...found,
        verdict: 'NOT_ENOUGH_DATA',
        reason: `No harm beyond chance, and too few examples to exclude one: ${changed}.`,
      }
}
