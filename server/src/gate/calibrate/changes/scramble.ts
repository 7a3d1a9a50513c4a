import { shuffle } from '@panal/client-core'
import type { Change } from '../side.ts'
import { membersOf, type Where } from '../where.ts'

/** In one segment each example gets the answer to another one of the same segment: the model knows nothing of them any more. */
export const scramble =
  (where: Where): Change =>
  ({ drawn, probabilities, numClasses }, rng) => {
    const places = membersOf(drawn.examples, where)
    const from = shuffle(places.slice(), rng)
    const was = probabilities.slice()
    places.forEach((place, i) => {
      const start = from[i]! * numClasses
      probabilities.set(was.subarray(start, start + numClasses), place * numClasses)
    })
  }
