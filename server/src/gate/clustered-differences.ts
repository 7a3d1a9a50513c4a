import { makeRng } from '@panal/client-core'
import { readInterval } from './general-rule.ts'
import { fromBootstrap, minForWarn, type DifferenceOptions, type Measured, type Unmeasured } from './measured.ts'
import { bootstrapMean } from './statistics/bootstrap.ts'
import {
  clusterFlips,
  clusterMean,
  clusterPseudoValues,
  clusterTotals,
  effectiveSample,
} from './statistics/clusters.ts'
import { tQuantile } from './statistics/distributions.ts'
import { guardedMean } from './statistics/guarded-mean.ts'
import { requiredForDiscordance, requiredSampleSize } from './statistics/sample-size.ts'
import { sum } from './statistics/summation.ts'
import { tangoInterval, tangoNonInferiorityP } from './statistics/tango.ts'
import { wilsonOneSided } from './statistics/wilson.ts'

type ClusteredOptions = DifferenceOptions & { readonly clusters: ArrayLike<number> }

/**
 * A mean over examples that come in clusters, by percentile-t bootstrap of these. Harm must show in sign flips of whole
 * clusters as well, and a PASS and a gain in `guardedMean` over clusters: of a few clusters the bootstrap makes too much.
 */
export function clusteredMean(
  differences: Float64Array,
  means: { readonly candidate: number; readonly reference: number },
  { margin, alpha, seed, clusters }: ClusteredOptions,
): Measured | Unmeasured {
  const found = bootstrapMean(differences, { clusters, key: { seed, metric: 'mean' }, alpha })
  const measured = fromBootstrap(found, means, { n: differences.length, margin, alpha, unit: 'clients' })
  if ('because' in measured) return measured
  const harmP = Math.max(measured.harmP, clusteredHarmP(differences, { seed, clusters }))
  const guarded = guardedMean(clusterPseudoValues(clusterTotals(differences, clusters)))
  const surely = (value: number, p: number): number => Math.max(p, guarded.pAtMost(value))
  const p = surely(-margin, measured.numbers.p ?? 1)
  const { interval } = measured.numbers
  const isHarm = measured.comparison.isHarm && harmP < alpha
  return {
    ...measured,
    comparison: { ...measured.comparison, isAboveMargin: p < alpha, isHarm },
    harmP,
    gainP: surely(0, measured.gainP),
    numbers: {
      ...measured.numbers,
      p,
      ...(interval && { interval: [Math.min(interval[0], guarded.lowerBound(alpha)), interval[1]] as const }),
    },
  }
}

/**
 * The same by sign flips alone, and with an interval by Liang and Zeger's variance: for dozens of segments, each of which a
 * bootstrap would take longer than all the rest. Source: Liang and Zeger 1986; Canay, Romano and Shaikh 2017.
 */
export function clusteredMeanByFlips(
  differences: Float64Array,
  means: { readonly candidate: number; readonly reference: number },
  { margin, alpha, seed, clusters }: ClusteredOptions,
): Measured | Unmeasured {
  const n = differences.length
  const totals = clusterTotals(differences, clusters)
  if (totals.sums.length < 2) return { n, because: 'they are all of one client' }
  const { mean: estimate, se } = clusterMean(totals)
  const half = tQuantile(1 - alpha, totals.sums.length - 1) * se
  const flips = clusterFlips(totals, makeRng(seed).fork('clients'))
  const nRequired = Math.max(minForWarn, requiredSampleSize({ sd: se * Math.sqrt(n), margin, alpha }))
  const [p, harmP] = [flips.pAtMost(-margin), flips.pAtLeast(0)]
  const interval = [estimate - half, estimate + half] as const
  return {
    ...means,
    comparison: { estimate, margin, isAboveMargin: p < alpha, isHarm: harmP < alpha, n, nRequired },
    harmP,
    gainP: flips.pAtMost(0),
    numbers: { estimate, interval, level: 1 - 2 * alpha, n, nRequired, test: 'sign flips of clients', p, margin },
  }
}

/** One-sided p of H₀ "the mean is not below 0", by sign flips of what each cluster adds up to. */
export const clusteredHarmP = (
  differences: ArrayLike<number>,
  { seed, clusters }: Pick<ClusteredOptions, 'seed' | 'clusters'>,
): number =>
  differences.length === 0
    ? 1
    : clusterFlips(clusterTotals(differences, clusters), makeRng(seed).fork('clients')).pAtLeast(0)

/**
 * Accuracy where examples come in clusters: Tango's score of as many independent examples as the clusters are worth, so
 * that no answers lost in a few clusters prove no more than these can. Harm must show in sign flips of whole clusters, too.
 * Source: Rao and Scott 1992 for the counts, Yang, Sun and Hardin 2012 for Tango's interval over clusters.
 * @param changes [n] 1 where the candidate alone is right, −1 where the reference alone is, else 0
 */
export function clusteredAccuracy(
  { changes, candidateRight }: { readonly changes: Int8Array; readonly candidateRight: number },
  { margin, alpha, seed, clusters }: ClusteredOptions,
): Measured | Unmeasured {
  const n = changes.length
  if (n === 0) return { n, because: 'there are no examples' }
  const [lost, won] = [-1, 1].map((kind) => changes.reduce((count, each) => count + Number(each === kind), 0))
  const { designEffect, numClusters } = effectiveSample(changes, clusters, alpha)
  const worth = { n: n / designEffect, lost: lost! / designEffect, won: won! / designEffect }
  const interval = tangoInterval(worth, alpha)
  const estimate = sum(changes) / n
  const discordance = wilsonOneSided(worth.lost + worth.won, worth.n, alpha)[1]
  const nRequired = Math.ceil(designEffect * requiredForDiscordance({ discordance, margin, alpha }))
  const p = tangoNonInferiorityP(worth, margin)
  const flips = clusterFlips(clusterTotals(changes, clusters), makeRng(seed).fork('clients'))
  const harmP = flips.pAtLeast(0)
  const isHarm = harmP < alpha && readInterval(interval, margin).isHarm
  return {
    candidate: candidateRight / n,
    reference: (candidateRight - won! + lost!) / n,
    comparison: { estimate, margin, isAboveMargin: p < alpha, isHarm, n, nRequired: Math.max(minForWarn, nRequired) },
    harmP,
    gainP: flips.pAtMost(0),
    numbers: {
      estimate,
      interval,
      level: 1 - 2 * alpha,
      n,
      nRequired,
      discordance,
      test: 'Tango score, clients by design effect',
      p,
      margin,
    },
    note: `${lost} lost and ${won} won, ${numClusters} clients, whose examples are worth ${worth.n.toFixed(0)} independent ones`,
  }
}
