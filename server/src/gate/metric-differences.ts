import { makeRng, type CheckRow } from '@panal/client-core'
import type { Predictions } from './contract.ts'
import type { Pair } from './compared.ts'
import { readInterval, type Comparison } from './general-rule.ts'
import { auc, aucDifference } from './statistics/auc.ts'
import { bootstrapMean, type Bootstrap } from './statistics/bootstrap.ts'
import { bootstrapClassMetric } from './statistics/class-metrics.ts'
import { accuracyDifference, type Discordance } from './statistics/discordance.ts'
import { mcnemarHarmP, mcnemarMidP } from './statistics/mcnemar.ts'
import { nonInferiorityP, pairedDifference, tInterval } from './statistics/paired-difference.ts'
import { requiredForDiscordance, requiredSampleSize } from './statistics/sample-size.ts'
import { signFlips } from './statistics/sign-flip.ts'
import { mean } from './statistics/summation.ts'
import { tangoInterval, tangoNonInferiorityP } from './statistics/tango.ts'
import { wilsonOneSided } from './statistics/wilson.ts'

/** Under this many examples the mean of skewed losses is not yet normal: signs are flipped instead of trusting t. */
const minForT = 200
/** Fewest examples for a WARN, whatever the spread: a handful that happen to agree have none. */
export const minForWarn = 30
/** A share of a smaller loss than this (mean confidence 99.9 %) would be no margin at all. */
export const smallestReferenceLoss = 1e-3
/** Fewest examples of either class for DeLong's variance to mean anything. */
export const minOfEachClass = 10

/** A difference of one metric as it was measured, ready for the general rule and for a row. */
export interface Measured {
  readonly comparison: Comparison
  /** Of the two models, in the metric's own terms. */
  readonly candidate: number
  readonly reference: number
  /** One-sided p of H₀ "not worse": small where the candidate surely is. */
  readonly harmP: number
  /** One-sided p of H₀ "not better". */
  readonly gainP: number
  /** The row's numbers; p is that of H₀ "worse by the margin or more". */
  readonly numbers: Pick<
    CheckRow,
    'estimate' | 'interval' | 'level' | 'n' | 'nRequired' | 'discordance' | 'test' | 'p' | 'margin'
  >
  /** What else a reader should know. */
  readonly note?: string
}

/** Why the metric's difference has no value here. */
export interface Unmeasured {
  readonly n: number
  readonly because: string
}

export interface DifferenceOptions {
  readonly margin: number
  readonly alpha: number
  /** Of sign flips and bootstrap; name what is compared in it. */
  readonly seed: string
  /** Whose example each is: these are then drawn whole. */
  readonly clusters?: ArrayLike<number> | undefined
}

/**
 * Mean log loss, reference − candidate. The margin is a share of the reference's loss, of which at least .001 nats are
 * counted. Paired t; sign flips under 200 examples; percentile-t bootstrap of clusters where there are any.
 */
export function lossDifference(
  losses: { readonly candidate: Float64Array; readonly reference: Float64Array },
  { margin: share, alpha, seed, clusters }: DifferenceOptions,
): Measured | Unmeasured {
  const differences = losses.reference.map((loss, i) => loss - losses.candidate[i]!)
  const n = differences.length
  if (n < 2) return { n, because: `${n} examples cannot show a difference` }
  const means = { candidate: mean(losses.candidate), reference: mean(losses.reference) }
  const margin = share * Math.max(means.reference, smallestReferenceLoss)
  if (clusters !== undefined) return clusteredMean(differences, means, { margin, alpha, seed, clusters })
  const difference = pairedDifference(differences)
  const nRequired = Math.max(minForWarn, requiredSampleSize({ sd: difference.sd, margin, alpha }))
  const opposite = { ...difference, mean: -difference.mean }
  const flips = n < minForT ? signFlips(differences, makeRng(seed).fork('signs')) : undefined
  const p =
    flips !== undefined
      ? { margin: flips.pAtMost(-margin), harm: flips.pAtLeast(0), gain: flips.pAtMost(0) }
      : {
          margin: nonInferiorityP(difference, margin),
          harm: nonInferiorityP(opposite, 0),
          gain: nonInferiorityP(difference, 0),
        }
  return {
    ...means,
    comparison: {
      estimate: difference.mean,
      margin,
      isAboveMargin: p.margin < alpha,
      isHarm: p.harm < alpha,
      n,
      nRequired,
    },
    harmP: p.harm,
    gainP: p.gain,
    numbers: {
      estimate: difference.mean,
      interval: tInterval(difference, alpha),
      level: 1 - 2 * alpha,
      n,
      nRequired,
      test: n < minForT ? 'sign-flip permutation' : 'paired t',
      p: p.margin,
      margin,
    },
  }
}

/** A mean over examples that come in clusters. */
export function clusteredMean(
  differences: Float64Array,
  means: { readonly candidate: number; readonly reference: number },
  { margin, alpha, seed, clusters }: DifferenceOptions & { readonly clusters: ArrayLike<number> },
): Measured | Unmeasured {
  const found = bootstrapMean(differences, { clusters, key: { seed, metric: 'mean' }, alpha })
  return fromBootstrap(found, means, { n: differences.length, margin, alpha, unit: 'clients' })
}

/** @param of.unit what is drawn: a bootstrap without spread, or with fewer than two of them, proves nothing */
function fromBootstrap(
  found: Bootstrap | undefined,
  means: { readonly candidate: number; readonly reference: number },
  { n, margin, alpha, unit }: { n: number; margin: number; alpha: number; unit: string },
): Measured | Unmeasured {
  if (found === undefined) return { n, because: `there are too few ${unit} to draw from` }
  if (found.isDegenerate)
    return { n, because: `every draw of ${unit} gives the same, so nothing tells how far off it is` }
  const { estimate, interval, se } = found
  const nRequired = Math.max(minForWarn, requiredSampleSize({ sd: se * Math.sqrt(n), margin, alpha }))
  return {
    ...means,
    comparison: { estimate, margin, ...readInterval(interval, margin), n, nRequired },
    harmP: found.pAtLeast(0),
    gainP: found.pAtMost(0),
    numbers: {
      estimate,
      interval,
      level: 1 - 2 * alpha,
      n,
      nRequired,
      test: `${found.method} bootstrap of ${unit}`,
      p: found.pAtMost(-margin),
      margin,
    },
  }
}

/**
 * Accuracy by Tango's score interval. n_required is from the *upper* bound of the discordance: where no two answers
 * differ, some still might.
 */
export function accuracyDifferenceOf(
  counts: Discordance & { readonly candidateRight: number },
  { margin, alpha }: Pick<DifferenceOptions, 'margin' | 'alpha'>,
): Measured | Unmeasured {
  const { n, lost, won, candidateRight } = counts
  if (n === 0) return { n, because: 'there are no examples' }
  const interval = tangoInterval(counts, alpha)
  const estimate = accuracyDifference(counts)
  const discordance = wilsonOneSided(lost + won, n, alpha)[1]
  const nRequired = requiredForDiscordance({ discordance, margin, alpha })
  const p = tangoNonInferiorityP(counts, margin)
  // A score interval is too short for a handful of examples: 3 lost of 3 are chance in one case of eight.
  const harmP = mcnemarHarmP(counts)
  const isHarm = harmP < alpha && readInterval(interval, margin).isHarm
  return {
    candidate: candidateRight / n,
    reference: (candidateRight - won + lost) / n,
    comparison: { estimate, margin, isAboveMargin: p < alpha, isHarm, n, nRequired },
    harmP,
    gainP: mcnemarHarmP({ lost: won, won: lost }),
    numbers: {
      estimate,
      interval,
      level: 1 - 2 * alpha,
      n,
      nRequired,
      discordance,
      test: 'Tango score',
      p,
      margin,
    },
    note: `${lost} lost and ${won} won, McNemar mid-p ${mcnemarMidP(counts).toFixed(4)}`,
  }
}

/** Accuracy where examples come in clusters. */
export const clusteredAccuracy = (
  pair: Pair,
  options: DifferenceOptions & { readonly clusters: ArrayLike<number> },
): Measured | Unmeasured => classMetric('accuracy', pair, options)

/** Macro F1 by paired bootstrap of examples, or of clusters. */
export const macroF1Difference = (pair: Pair, options: DifferenceOptions): Measured | Unmeasured =>
  classMetric('macroF1', pair, options)

function classMetric(
  metric: 'accuracy' | 'macroF1',
  pair: Pair,
  { margin, alpha, seed, clusters }: DifferenceOptions,
): Measured | Unmeasured {
  const n = pair.candidate.labels.length
  const options = { key: { seed, metric }, alpha, ...(clusters !== undefined && { clusters }) }
  const alone = (candidate: Predictions) =>
    bootstrapClassMetric(metric, { candidate }, { ...options, numReplicates: 1 })?.estimate ?? 0
  const found = bootstrapClassMetric(metric, pair, options)
  const means = { candidate: alone(pair.candidate), reference: alone(pair.reference) }
  return fromBootstrap(found, means, { n, margin, alpha, unit: clusters === undefined ? 'examples' : 'clients' })
}

/**
 * Area under the ROC curve of the second class, by DeLong. Where the models rank nearly alike the variance is taken as if
 * one example of each class had changed sides: no spread in a few examples does not prove that there is none.
 */
export function aucDifferenceOf(
  { candidate, reference }: Pair,
  { margin, alpha }: Pick<DifferenceOptions, 'margin' | 'alpha'>,
): (Measured & { readonly se: number }) | Unmeasured {
  const { labels } = candidate
  const n = labels.length
  const positives = labels.reduce((sum, label) => sum + (label === 1 ? 1 : 0), 0)
  const least = Math.min(positives, n - positives)
  if (least < minOfEachClass)
    return { n, because: `the rarer class has ${least} examples, and the area needs ${minOfEachClass}` }
  const scores = { candidate: scoresOf(candidate), reference: scoresOf(reference) }
  const smallestSe = Math.hypot(1 / positives, 1 / (n - positives))
  const found = aucDifference(scores, labels, { alpha, margin, smallestSe })!
  const { difference: estimate, se, interval } = found
  const nRequired = Math.max(minForWarn, requiredSampleSize({ sd: se * Math.sqrt(n), margin, alpha }))
  const { isHarm } = readInterval(interval, margin)
  return {
    candidate: auc(scores.candidate, labels)!,
    reference: auc(scores.reference, labels)!,
    comparison: { estimate, margin, isAboveMargin: found.nonInferiorityP < alpha, isHarm, n, nRequired },
    se,
    harmP: found.harmP,
    gainP: 1 - found.harmP,
    numbers: {
      estimate,
      interval,
      level: 1 - 2 * alpha,
      n,
      nRequired,
      test: 'DeLong',
      p: found.nonInferiorityP,
      margin,
    },
  }
}

/** [numExamples] of two classes, the probability of the second, as float64 of what the model gave. */
export const scoresOf = ({ probabilities, labels }: Predictions): Float64Array =>
  Float64Array.from(labels, (_, row) => probabilities[2 * row + 1]!)
