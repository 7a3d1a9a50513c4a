import type { Change } from '../side.ts'
import { changeLogits } from './logits.ts'

/** Independent noise on each logit, normal with this standard deviation: two models that differ so are equally good. */
export const noise =
  (std: number): Change =>
  ({ probabilities, numClasses }, rng) => {
    for (let start = 0; start < probabilities.length; start += numClasses)
      changeLogits(probabilities, { start, numClasses }, (logit) => logit + std * rng.normal())
  }
