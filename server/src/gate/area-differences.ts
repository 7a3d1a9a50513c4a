import type { Pair } from './compared.ts'
import type { Predictions } from './contract.ts'
import { readInterval } from './general-rule.ts'
import { minForWarn, minOfEachClass, type DifferenceOptions, type Measured, type Unmeasured } from './measured.ts'
import { aucDifference, aucInfluences } from './statistics/auc.ts'
import { clusteredAucSpread } from './statistics/clustered-auc.ts'
import { leastDesignEffect, meanClusterSize } from './statistics/clusters.ts'
import { tCdf, tQuantile } from './statistics/distributions.ts'
import { requiredSampleSize } from './statistics/sample-size.ts'

export type MeasuredArea = Measured & {
  readonly se: number
  /** [n] how far each example moves the difference. */
  readonly influences: Float64Array
}

type AreaOptions = Pick<DifferenceOptions, 'margin' | 'alpha' | 'clusters'>

/**
 * Area under the ROC curve of the second class, by DeLong; by Obuchowski where examples come in clusters. Where the models
 * rank nearly alike the variance is taken as if one example of each class had changed sides (with as many like it as the
 * clusters do not exclude): no spread in a few examples does not prove that there is none.
 */
export function aucDifferenceOf({ candidate, reference }: Pair, options: AreaOptions): MeasuredArea | Unmeasured {
  const { margin, alpha, clusters } = options
  const { labels } = candidate
  const n = labels.length
  const because = tooFewForArea(labels, clusters)
  if (because !== undefined) return { n, because }
  const positives = numPositive(labels)
  const smallestSe = Math.hypot(1 / positives, 1 / (n - positives))
  const scores = { candidate: scoresOf(candidate), reference: scoresOf(reference) }
  const [own, other] = [aucInfluences(scores.candidate, labels)!, aucInfluences(scores.reference, labels)!]
  const influences = own.influences.map((each, row) => each - other.influences[row]!)
  const found =
    clusters === undefined
      ? aucDifference(scores, labels, { alpha, margin, smallestSe })!
      : clusteredDifference({ estimate: own.auc - other.auc, influences, labels }, { margin, alpha, clusters })
  const { difference: estimate, se, interval } = found
  const nRequired = Math.max(minForWarn, requiredSampleSize({ sd: se * Math.sqrt(n), margin, alpha }))
  const { isHarm } = readInterval(interval, margin)
  return {
    candidate: own.auc,
    reference: other.auc,
    comparison: { estimate, margin, isAboveMargin: found.nonInferiorityP < alpha, isHarm, n, nRequired },
    se,
    influences,
    harmP: found.harmP,
    gainP: 1 - found.harmP,
    numbers: {
      estimate,
      interval,
      level: 1 - 2 * alpha,
      n,
      nRequired,
      test: clusters === undefined ? 'DeLong' : 'Obuchowski, clients',
      p: found.nonInferiorityP,
      margin,
    },
  }
}

/** Why there is no interval: too few examples of a class, or from too few clients. */
export function tooFewForArea(labels: Int32Array, clusters: ArrayLike<number> | undefined): string | undefined {
  const positives = numPositive(labels)
  const least = Math.min(positives, labels.length - positives)
  if (least < minOfEachClass) return `the rarer class has ${least} examples, and the area needs ${minOfEachClass}`
  if (clusters === undefined) return undefined
  const clientsOf = (kind: number) =>
    new Set(
      Array.from(labels.keys())
        .filter((row) => Number(labels[row] === 1) === kind)
        .map((row) => clusters[row]!),
    ).size
  const clients = Math.min(clientsOf(0), clientsOf(1))
  return clients < minOfEachClass
    ? `one class is that of ${clients} clients, and the area needs ${minOfEachClass}`
    : undefined
}

const numPositive = (labels: Int32Array): number => labels.reduce((total, label) => total + (label === 1 ? 1 : 0), 0)

interface Moved {
  readonly estimate: number
  readonly influences: Float64Array
  readonly labels: Int32Array
}

/** With Student's t of the clusters of the rarer class. */
function clusteredDifference(
  { estimate, influences, labels }: Moved,
  { margin, alpha, clusters }: AreaOptions & { readonly clusters: ArrayLike<number> },
) {
  const { se, df } = clusteredSe({ influences, labels }, clusters)
  const half = tQuantile(1 - alpha, df) * se
  return {
    difference: estimate,
    se,
    interval: [estimate - half, estimate + half] as const,
    nonInferiorityP: tCdf(-(estimate + margin) / se, df),
    harmP: tCdf(estimate / se, df),
  }
}

/** @throws Error with fewer than two clusters of either class, which `tooFewForArea` tells */
export function clusteredSe(
  { influences, labels }: Pick<Moved, 'influences' | 'labels'>,
  clusters: ArrayLike<number>,
): { readonly se: number; readonly df: number } {
  const spread = clusteredAucSpread(influences, labels, clusters)
  if (spread === undefined) throw new Error('an area of fewer than two clusters')
  const positives = numPositive(labels)
  const effect = leastDesignEffect(meanClusterSize(clusters), spread.numTelling)
  const smallest = Math.hypot(1 / positives, 1 / (labels.length - positives)) * Math.sqrt(effect)
  return { se: Math.max(smallest, spread.se), df: spread.numClusters - 1 }
}

/** [numExamples] of two classes, the probability of the second, as float64 of what the model gave. */
export const scoresOf = ({ probabilities, labels }: Predictions): Float64Array =>
  Float64Array.from(labels, (_, row) => probabilities[2 * row + 1]!)
