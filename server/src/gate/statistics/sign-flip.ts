import type { Rng } from '@panal/client-core'
import { sum } from './summation.ts'

/** Every sign pattern is tried up to here: 2¹⁶ of them. */
const maxExact = 16
const numDraws = 10_000

/** One-sided tests of the mean of values that are symmetric about it, all by the same sign patterns. */
export interface SignFlips {
  /** Of H₀ "the mean is at most this". Never rises with a smaller `value`, nor where a constant is added to each value. */
  readonly pAtMost: (value: number) => number
  /** Of H₀ "the mean is at least this". */
  readonly pAtLeast: (value: number) => number
}

/**
 * Sign-flip permutation. Exact up to 16 values; else (k + 1)/(B + 1) over B = 10⁴ draws, so never 0. No values → 1.
 * Cost: an eighth of draws × values, and one pass over the draws for each p. Source: Fisher 1935; Phipson and Smyth 2010.
 * @param sizes of how many examples each value is the sum: the mean is then that over examples. Left out: one each.
 */
export function signFlips(values: Float64Array, rng: Rng, sizes = new Float64Array(values.length).fill(1)): SignFlips {
  const isExact = values.length <= maxExact
  const of = { values, sizes }
  const { sums, counts } = isExact ? everyPattern(of) : drawnPatterns(of, rng)
  // A pattern's sum is at least the observed one exactly when the values that it flips sum to 0 or less.
  const pOf = (flipped: (pattern: number) => number, slack: number): number => {
    let extreme = 0
    for (let pattern = 0; pattern < sums.length; pattern++) if (flipped(pattern) <= slack) extreme++
    return isExact ? extreme / sums.length : (extreme + 1) / (sums.length + 1)
  }
  /** What rounding may add to a sum of values of this size. */
  const slackOf = (value: number): number =>
    1e-12 * sum(values.map((each, i) => Math.abs(each) + Math.abs(value * sizes[i]!)))
  return {
    pAtMost: (value) => pOf((pattern) => sums[pattern]! - value * counts[pattern]!, slackOf(value)),
    pAtLeast: (value) => pOf((pattern) => value * counts[pattern]! - sums[pattern]!, slackOf(value)),
  }
}

interface Sized {
  readonly values: Float64Array
  readonly sizes: Float64Array
}

/** Of each pattern the sum of the values that it flips, and of how many examples those are. */
interface Patterns {
  readonly sums: Float64Array
  readonly counts: Float64Array
}

/** That of a pattern comes from that of the pattern without its lowest bit. */
function everyPattern({ values, sizes }: Sized): Patterns {
  const numPatterns = 2 ** values.length
  const [sums, counts] = [new Float64Array(numPatterns), new Float64Array(numPatterns)]
  for (let pattern = 1; pattern < numPatterns; pattern++) {
    const [lowest, others] = [31 - Math.clz32(pattern & -pattern), pattern & (pattern - 1)]
    sums[pattern] = sums[others]! + values[lowest]!
    counts[pattern] = counts[others]! + sizes[lowest]!
  }
  return { sums, counts }
}

const byte = 8

/** What each eight values can add up to is worked out once; a draw then takes one entry for each eight. */
function drawnPatterns({ values, sizes }: Sized, rng: Rng): Patterns {
  const tables = Array.from({ length: Math.ceil(values.length / byte) }, (_, at) =>
    everyPattern({
      values: values.subarray(at * byte, (at + 1) * byte),
      sizes: sizes.subarray(at * byte, (at + 1) * byte),
    }),
  )
  const [sums, counts] = [new Float64Array(numDraws), new Float64Array(numDraws)]
  for (let draw = 0; draw < numDraws; draw++) {
    let [sum, count, bits] = [0, 0, 0]
    for (let at = 0; at < tables.length; at++) {
      if (at % 4 === 0) bits = (rng.uniform() * 2 ** 32) >>> 0
      const table = tables[at]!
      // Of the last table, which may be short, as many bits as it has.
      const pattern = bits & (table.sums.length - 1)
      sum += table.sums[pattern]!
      count += table.counts[pattern]!
      bits >>>= byte
    }
    sums[draw] = sum
    counts[draw] = count
  }
  return { sums, counts }
}
