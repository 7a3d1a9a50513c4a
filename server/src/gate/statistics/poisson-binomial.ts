import type { Rng } from '@panal/client-core'

/** Chances that are taken together: more make the sums of fewer distributions, and each of those longer to work out. */
const most = 4096
/** What is less likely than this is taken for impossible: no 32 bits of chance would ever show it. */
const negligible = 1e-18

/** P(hits ≤ from + i), rising to 1. */
interface Distribution {
  readonly from: number
  readonly upTo: Float64Array
}

/**
 * A function that draws how many of independent events happen, each of which has its own chance: exact but for the 32 bits
 * of a uniform. What can happen is worked out once, so that a draw costs next to nothing however many events there are.
 * Cost: events × the spread of their sum (at most 4,096), then 12 steps for each 4,096 events of a draw.
 * Law: the order of the chances does not matter.
 */
export function poissonBinomial(chances: ArrayLike<number>): (rng: Rng) => number {
  const sorted = Float64Array.from(chances).sort()
  const parts = Array.from({ length: Math.ceil(sorted.length / most) }, (_, i) =>
    distributionOf(sorted.subarray(i * most, (i + 1) * most)),
  )
  return (rng) => parts.reduce((sum, part) => sum + draw(part, rng.uniform()), 0)
}

/** One event after the other: what had happened k times has now happened k or k + 1 times. */
function distributionOf(chances: Float64Array): Distribution {
  const likely = new Float64Array(chances.length + 1)
  likely[0] = 1
  let [first, last] = [0, 0]
  for (const chance of chances) {
    likely[last + 1] = likely[last]! * chance
    for (let hits = last; hits > first; hits--) likely[hits] = likely[hits]! * (1 - chance) + likely[hits - 1]! * chance
    likely[first]! *= 1 - chance
    last++
    while (first < last && likely[first]! < negligible) likely[first++] = 0
    while (last > first && likely[last]! < negligible) likely[last--] = 0
  }
  const upTo = likely.slice(first, last + 1)
  let total = 0
  for (let i = 0; i < upTo.length; i++) upTo[i] = total += upTo[i]!
  return { from: first, upTo }
}

/** The smallest count whose P(hits ≤ count) is over the uniform. */
function draw({ from, upTo }: Distribution, uniform: number): number {
  const at = uniform * upTo.at(-1)!
  let [low, high] = [0, upTo.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (upTo[middle]! > at) high = middle
    else low = middle + 1
  }
  return from + low
}
