import { makeRng } from '@panal/client-core'
import { clusteredMean } from './clustered-differences.ts'
import { readInterval } from './general-rule.ts'
import {
  minForWarn,
  smallestReferenceLoss,
  type DifferenceOptions,
  type Measured,
  type Unmeasured,
} from './measured.ts'
import { accuracyDifference, type Discordance } from './statistics/discordance.ts'
import { guardedMean } from './statistics/guarded-mean.ts'
import { mcnemarHarmP, mcnemarMidP } from './statistics/mcnemar.ts'
import { nonInferiorityP, pairedDifference, tInterval } from './statistics/paired-difference.ts'
import { requiredForDiscordance, requiredSampleSize } from './statistics/sample-size.ts'
import { signFlips } from './statistics/sign-flip.ts'
import { mean } from './statistics/summation.ts'
import { tangoInterval, tangoNonInferiorityP } from './statistics/tango.ts'
import { casesNeeded } from './statistics/violations.ts'
import { wilsonOneSided } from './statistics/wilson.ts'

export * from './measured.ts'

/** Under this many examples the mean of skewed losses is not yet normal: signs are flipped instead of trusting t. */
const minForT = 200
/** A share of the reference's mean loss, of which at least .001 nats are counted. */
export const marginOfLoss = (share: number, referenceLoss: number): number =>
  share * Math.max(referenceLoss, smallestReferenceLoss)

/** A smaller margin asks for no more examples than this one: few tasks have those, and the spread asks for its own. */
const strictestMargin = 0.01

/**
 * Fewest examples for a PASS: with fewer, a share of them that none shows, each one nat worse, makes up the margin with a
 * chance of `alpha`. As many as Tango's score asks of an accuracy, about; 299 at most at 5 %.
 */
export const fewestToPass = (margin: number, alpha: number): number =>
  Math.max(minForWarn, margin < 1 ? casesNeeded(Math.max(margin, strictestMargin), alpha) : 0)

/**
 * Mean log loss, reference − candidate. The margin is a share of the reference's loss, of which at least .001 nats are
 * counted. Paired t; sign flips under 200 examples as well; percentile-t bootstrap of clusters where there are any. A PASS
 * and a gain must show in `guardedMean` as well, and a PASS takes `fewestToPass`: a few large losses may be rare.
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
  const fewest = fewestToPass(margin, alpha)
  if (clusters !== undefined)
    return withFewest(clusteredMean(differences, means, { margin, alpha, seed, clusters }), {
      fewest,
      seen: new Set(Array.from(clusters)).size,
      unit: 'clients',
    })
  const difference = pairedDifference(differences)
  const nRequired = Math.max(minForWarn, requiredSampleSize({ sd: difference.sd, margin, alpha }))
  const flips = n < minForT ? signFlips(differences, makeRng(seed).fork('signs')) : undefined
  const guarded = guardedMean(differences)
  const surely = (value: number): number => Math.max(guarded.pAtMost(value), flips?.pAtMost(value) ?? 0)
  const p = surely(-margin)
  const harmP = flips?.pAtLeast(0) ?? nonInferiorityP({ ...difference, mean: -difference.mean }, 0)
  const measured = {
    ...means,
    comparison: {
      estimate: difference.mean,
      margin,
      isAboveMargin: p < alpha,
      isHarm: harmP < alpha,
      n,
      nRequired,
    },
    harmP,
    gainP: surely(0),
    numbers: {
      estimate: difference.mean,
      interval: [guarded.lowerBound(alpha), tInterval(difference, alpha)[1]] as const,
      level: 1 - 2 * alpha,
      n,
      nRequired,
      test: n < minForT ? 'sign flips, and t for skewed losses' : 'paired t for skewed losses',
      p,
      margin,
    },
  }
  return withFewest(measured, { fewest, seen: n, unit: 'examples' })
}

/**
 * Where fewer were seen than a PASS takes, it is none, and says so. What may be unseen is an example, or a client with all
 * of its examples.
 */
function withFewest(
  measured: Measured | Unmeasured,
  { fewest, seen, unit }: { readonly fewest: number; readonly seen: number; readonly unit: 'examples' | 'clients' },
): Measured | Unmeasured {
  if ('because' in measured) return measured
  const { comparison, numbers } = measured
  const nRequired = Math.max(comparison.nRequired, Math.ceil((fewest * comparison.n) / seen))
  const tooFew = comparison.isAboveMargin && seen < fewest
  return {
    ...measured,
    comparison: { ...comparison, nRequired, isAboveMargin: comparison.isAboveMargin && !tooFew },
    numbers: { ...numbers, nRequired },
    ...(tooFew && { note: `a pass takes ${fewest} ${unit} at this margin, for a few large losses may be rare` }),
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
