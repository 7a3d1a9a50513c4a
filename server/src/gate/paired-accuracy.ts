import type { Pair } from './compared.ts'
import {
  accuracyDifferenceOf,
  clusteredAccuracy,
  type DifferenceOptions,
  type Measured,
  type Unmeasured,
} from './metric-differences.ts'
import { numCorrect } from './statistics/accuracy.ts'
import { discordance } from './statistics/discordance.ts'

/** Accuracy, candidate − reference on the same examples: Tango's score, or a bootstrap of clusters where there are any. */
export const accuracyDifferenceBetween = (
  pair: Pair,
  { clusters, ...options }: DifferenceOptions,
): Measured | Unmeasured =>
  clusters === undefined
    ? accuracyDifferenceOf(
        { ...discordance(pair.candidate, pair.reference), candidateRight: numCorrect(pair.candidate) },
        options,
      )
    : clusteredAccuracy(pair, { ...options, clusters })
