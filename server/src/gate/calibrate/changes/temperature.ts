import type { Change } from '../side.ts'
import { changeLogits } from './logits.ts'

/** Logits are divided by it: over 1 a model is less sure than it was, and answers the same. */
export const temperature =
  (divisor: number): Change =>
  ({ probabilities, numClasses }) => {
    for (let start = 0; start < probabilities.length; start += numClasses)
      changeLogits(probabilities, { start, numClasses }, (logit) => logit / divisor)
  }
