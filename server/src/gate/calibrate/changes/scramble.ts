import { uniformInt } from '@panal/client-core'
import type { Change } from '../side.ts'
import { membersOf, type Where } from '../where.ts'

/** In one segment each example gets the answer to any example of the set: the model no longer sees what it is shown there. */
export const scramble =
  (where: Where): Change =>
  ({ drawn, probabilities, numClasses }, rng) => {
    const was = probabilities.slice()
    for (const place of membersOf(drawn.examples, where)) {
      const start = uniformInt(rng, drawn.examples.numExamples) * numClasses
      probabilities.set(was.subarray(start, start + numClasses), place * numClasses)
    }
  }
