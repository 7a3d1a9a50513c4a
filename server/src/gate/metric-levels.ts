import type { Predictions } from './contract.ts'
import { clusteredSe, scoresOf, tooFewForArea } from './area-differences.ts'
import { minForWarn, type Unmeasured } from './measured.ts'
import { numCorrect, predictedClasses } from './statistics/accuracy.ts'
import { aucInfluences, aucWithSpread } from './statistics/auc.ts'
import { bootstrapMean, type Bootstrap } from './statistics/bootstrap.ts'
import { brierScores } from './statistics/brier.ts'
import { bootstrapClassMetric } from './statistics/class-metrics.ts'
import { clusterPseudoValues, clusterTotals, effectiveSample } from './statistics/clusters.ts'
import { normalQuantile, tQuantile } from './statistics/distributions.ts'
import { guardedMean } from './statistics/guarded-mean.ts'
import { logLosses } from './statistics/log-loss.ts'
import { pairedDifference, tInterval } from './statistics/paired-difference.ts'
import { wilsonOneSided } from './statistics/wilson.ts'

/** A metric of one model: its value, and bounds that the true value is outside of with probability `alpha` each. */
export interface Level {
  readonly n: number
  readonly estimate: number
  readonly interval: readonly [number, number]
  readonly test: string
}

export interface LevelOptions {
  readonly alpha: number
  /** Of the bootstrap. */
  readonly seed: string
  /** Whose example each is: these are then drawn whole. */
  readonly clusters?: ArrayLike<number> | undefined
}

type Measure = (predictions: Predictions, options: LevelOptions) => Level | Unmeasured

/** Share of right answers, by Wilson; of as many independent examples as the clusters are worth where there are any. */
export const accuracyLevel: Measure = (predictions, { alpha, clusters }) => {
  const n = predictions.labels.length
  const right = numCorrect(predictions)
  const effect = clusters === undefined ? 1 : effectiveSample(wrongAnswers(predictions), clusters, alpha).designEffect
  const test = clusters === undefined ? 'Wilson score' : 'Wilson score, clients by design effect'
  return { n, estimate: right / n, interval: wilsonOneSided(right / effect, n / effect, alpha), test }
}

/** [numExamples] 1 where the answer is wrong. */
export function wrongAnswers(predictions: Predictions): Uint8Array {
  const answers = predictedClasses(predictions)
  return Uint8Array.from(predictions.labels, (label, row) => Number(answers[row] !== label))
}

/**
 * Mean over the classes of the share of each that is answered right. Bounds from Wilson's of each class, put together by
 * their distances from the estimate (MOVER): defined also where a class is answered right throughout.
 * Source: Zou and Donner 2008.
 */
export const balancedAccuracyLevel: Measure = (predictions, options) => {
  const { labels, numClasses } = predictions
  const n = labels.length
  const answers = predictedClasses(predictions)
  const support = new Float64Array(numClasses)
  const right = new Float64Array(numClasses)
  labels.forEach((label, row) => {
    support[label]! += 1
    if (answers[row] === label) right[label]! += 1
  })
  const missing = support.filter((each) => each === 0).length
  if (missing > 0) return { n, because: `${missing} of the ${numClasses} classes have no example` }
  if (options.clusters !== undefined) return classLevel('balancedAccuracy', predictions, options)
  let [estimate, below, above] = [0, 0, 0]
  support.forEach((size, k) => {
    const share = right[k]! / size
    const [low, high] = wilsonOneSided(right[k]!, size, options.alpha)
    estimate += share / numClasses
    below += ((share - low) / numClasses) ** 2
    above += ((high - share) / numClasses) ** 2
  })
  return {
    n,
    estimate,
    interval: [estimate - Math.sqrt(below), estimate + Math.sqrt(above)],
    test: 'Wilson by class, MOVER',
  }
}

/**
 * Plain mean of F1 over the declared classes, by bootstrap. Where every draw gives the same (all answers are right, say),
 * the bounds are those of balanced accuracy: draws without spread prove nothing.
 */
export const macroF1Level: Measure = (predictions, options) => {
  const found = bootstrapOf('macroF1', predictions, options)
  if (found?.isDegenerate !== true) return fromBootstrap(found, predictions.labels.length, options)
  const balanced = balancedAccuracyLevel(predictions, options)
  return 'because' in balanced ? balanced : { ...balanced, estimate: found.estimate }
}

/**
 * Area under the ROC curve of the second of two classes, by DeLong, or by Obuchowski where examples come in clusters; its
 * variance at least that of one example of each class that changed sides.
 */
export const aucLevel: Measure = (predictions, { alpha, clusters }) => {
  const { labels } = predictions
  const n = labels.length
  const because = tooFewForArea(labels, clusters)
  if (because !== undefined) return { n, because }
  const scores = scoresOf(predictions)
  const within = (estimate: number, half: number, test: string): Level => ({
    n,
    estimate,
    interval: [Math.max(0, estimate - half), Math.min(1, estimate + half)],
    test,
  })
  if (clusters !== undefined) {
    const { auc: estimate, influences } = aucInfluences(scores, labels)!
    const { se, df } = clusteredSe({ influences, labels }, clusters)
    return within(estimate, tQuantile(1 - alpha, df) * se, 'Obuchowski, clients')
  }
  const positives = labels.reduce((sum, label) => sum + (label === 1 ? 1 : 0), 0)
  const { auc: estimate, se } = aucWithSpread(scores, labels)!
  return within(
    estimate,
    normalQuantile(1 - alpha) * Math.max(se, Math.hypot(1 / positives, 1 / (n - positives))),
    'DeLong',
  )
}

/** Mean log loss in nats. */
export const logLossLevel: Measure = (predictions, options) => meanLevel(logLosses(predictions), options)

/** Mean Brier score: (p − y)² of two classes, in [0, 1]; of more, Σ over the classes, in [0, 2]. */
export const brierLevel: Measure = (predictions, options) => meanLevel(brierScores(predictions), options)

function meanLevel(values: Float64Array, { alpha, seed, clusters }: LevelOptions): Level | Unmeasured {
  const n = values.length
  if (n < minForWarn) return { n, because: `${n} examples are too few for the mean of a loss; it needs ${minForWarn}` }
  if (clusters !== undefined) {
    const found = bootstrapMean(values, { clusters, key: { seed, metric: 'mean' }, alpha })
    const level = fromBootstrap(found, n, { alpha, seed, clusters })
    return 'because' in level
      ? level
      : withRareLosses(level, clusterPseudoValues(clusterTotals(values, clusters)), alpha)
  }
  const found = pairedDifference(values)
  return withRareLosses(
    { n, estimate: found.mean, interval: tInterval(found, alpha), test: 't for skewed losses' },
    values,
    alpha,
  )
}

/**
 * The upper bound of a mean of losses, where a few that are rare make much of it: `guardedMean`'s, and at least what a share
 * of them adds that none of those seen shows with a chance of `alpha`, each one nat more.
 * @param seen the losses, or those of the clients
 */
function withRareLosses(level: Level, seen: Float64Array, alpha: number): Level {
  const [lower, upper] = level.interval
  const guarded = -guardedMean(seen.map((each) => -each)).lowerBound(alpha)
  const unseen = level.estimate + 1 - alpha ** (1 / seen.length)
  return { ...level, interval: [lower, Math.max(upper, guarded, unseen)] }
}

const bootstrapOf = (
  metric: 'balancedAccuracy' | 'macroF1',
  candidate: Predictions,
  { alpha, seed, clusters }: LevelOptions,
): Bootstrap | undefined =>
  bootstrapClassMetric(
    metric,
    { candidate },
    { key: { seed, metric }, alpha, ...(clusters !== undefined && { clusters }) },
  )

const classLevel = (metric: 'balancedAccuracy', predictions: Predictions, options: LevelOptions): Level | Unmeasured =>
  fromBootstrap(bootstrapOf(metric, predictions, options), predictions.labels.length, options)

function fromBootstrap(found: Bootstrap | undefined, n: number, { clusters }: LevelOptions): Level | Unmeasured {
  const unit = clusters === undefined ? 'examples' : 'clients'
  if (found === undefined) return { n, because: `there are fewer than two ${unit} to draw from` }
  if (found.isDegenerate)
    return { n, because: `every draw of ${unit} gives the same, so nothing tells how far off it is` }
  return { n, estimate: found.estimate, interval: found.interval, test: `${found.method} bootstrap of ${unit}` }
}
