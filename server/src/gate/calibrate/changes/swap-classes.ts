import type { Change } from '../side.ts'

/** What it says of one class it says of the other. */
export const swapClasses =
  (one: number, other: number): Change =>
  ({ probabilities, numClasses }) => {
    for (let start = 0; start < probabilities.length; start += numClasses) {
      const held = probabilities[start + one]!
      probabilities[start + one] = probabilities[start + other]!
      probabilities[start + other] = held
    }
  }
