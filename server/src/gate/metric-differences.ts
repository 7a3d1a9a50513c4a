import { makeRng } from '@panal/client-core'
import type { Pair } from './compared.ts'
import { clusteredMean } from './clustered-differences.ts'
import type { Predictions } from './contract.ts'
import { readInterval } from './general-rule.ts'
import {
  fromBootstrap,
  minForWarn,
  smallestReferenceLoss,
  type DifferenceOptions,
  type Measured,
  type Unmeasured,
} from './measured.ts'
import { bootstrapClassMetric } from './statistics/class-metrics.ts'
import { accuracyDifference, type Discordance } from './statistics/discordance.ts'
import { mcnemarHarmP, mcnemarMidP } from './statistics/mcnemar.ts'
import { nonInferiorityP, pairedDifference, tInterval } from './statistics/paired-difference.ts'
import { requiredForDiscordance, requiredSampleSize } from './statistics/sample-size.ts'
import { signFlips } from './statistics/sign-flip.ts'
import { mean } from './statistics/summation.ts'
import { tangoInterval, tangoNonInferiorityP } from './statistics/tango.ts'
import { wilsonOneSided } from './statistics/wilson.ts'

export * from './measured.ts'

/** Under this many examples the mean of skewed losses is not yet normal: signs are flipped instead of trusting t. */
const minForT = 200
/** A share of the reference's mean loss, of which at least .001 nats are counted. */
export const marginOfLoss = (share: number, referenceLoss: number): number =>
  share * Math.max(referenceLoss, smallestReferenceLoss)

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
  const margin = marginOfLoss(share, means.reference)
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

/** Macro F1 by paired bootstrap of examples, or of clusters. */
export const macroF1Difference = (pair: Pair, options: DifferenceOptions): Measured | Unmeasured =>
  classMetric('macroF1', pair, options)

function classMetric(
  metric: 'macroF1',
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
