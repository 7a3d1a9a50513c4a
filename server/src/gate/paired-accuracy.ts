import { clusteredAccuracy } from './clustered-differences.ts'
import { changesOf, type Pair } from './compared.ts'
import { accuracyDifferenceOf } from './metric-differences.ts'
import type { DifferenceOptions, Measured, Unmeasured } from './measured.ts'
import { numCorrect } from './statistics/accuracy.ts'
import { discordance } from './statistics/discordance.ts'

/** Accuracy, candidate − reference on the same examples: Tango's score, of what clusters are worth where there are any. */
export function accuracyDifferenceBetween(
  pair: Pair,
  { clusters, ...options }: DifferenceOptions,
): Measured | Unmeasured {
  const candidateRight = numCorrect(pair.candidate)
  return clusters === undefined
    ? accuracyDifferenceOf({ ...discordance(pair.candidate, pair.reference), candidateRight }, options)
    : clusteredAccuracy({ changes: changesOf(pair), candidateRight }, { ...options, clusters })
}
