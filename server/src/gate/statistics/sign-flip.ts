import type { Rng } from '@panal/client-core'
import { sum } from './summation.ts'

/** Every sign pattern is tried up to here: 2¹⁶ of them. */
const maxExact = 16
const numDraws = 10_000

/**
 * One-sided p-value of H₀: the values are symmetric about 0 or below, against "their mean is above 0", by flipping
 * signs. Exact up to 16 values; else (k + 1)/(B + 1) over B = 10⁴ draws, so never 0. No values → 1.
 * Adding a constant to every value never raises p for the same rng. Source: Fisher 1935; Phipson and Smyth 2010.
 */
export function signFlipP(values: Float64Array, rng: Rng): number {
  return values.length <= maxExact ? exact(values) : drawn(values, rng)
}

/** A pattern's sum is at least the observed one exactly when the values that it flips sum to 0 or less. */
const isAsExtreme = (flippedSum: number, slack: number): boolean => flippedSum <= slack

/** What rounding may add to a sum of these values. */
const slackOf = (values: Float64Array): number => 1e-12 * sum(values.map(Math.abs))

function exact(values: Float64Array): number {
  const slack = slackOf(values)
  const numPatterns = 2 ** values.length
  let extreme = 0
  for (let pattern = 0; pattern < numPatterns; pattern++)
    if (
      isAsExtreme(
        flippedSum(values, () => pattern),
        slack,
      )
    )
      extreme++
  return extreme / numPatterns
}

function drawn(values: Float64Array, rng: Rng): number {
  const slack = slackOf(values)
  const draw = (): number => rng.uniform() * 2 ** 32
  let extreme = 0
  for (let i = 0; i < numDraws; i++) if (isAsExtreme(flippedSum(values, draw), slack)) extreme++
  return (extreme + 1) / (numDraws + 1)
}

/** Σ of the values whose bit is set; `bits` gives those of the next 32 values. */
function flippedSum(values: Float64Array, bits: () => number): number {
  let total = 0
  let left = 0
  for (let i = 0; i < values.length; i++) {
    if (i % 32 === 0) left = bits() >>> 0
    // No branch: half of them would be mispredicted.
    total += (left & 1) * values[i]!
    left >>>= 1
  }
  return total
}
