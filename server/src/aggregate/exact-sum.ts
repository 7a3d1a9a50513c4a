import { AggregationError } from '../strategy/strategy.ts'

/**
 * Σ wᵢ·xᵢ of some updates, kept in two parts whose additions never round: any grouping and any order of the same updates
 * gives the same bytes. So partial sums of workers, or of servers below this one, may be merged as they come.
 */
export interface UpdateSum {
  /** [size + 1] Σ of each wᵢ·xᵢ rounded to a multiple of 2^-20; the last is that of the weights. */
  readonly high: Float64Array
  /** [size + 1] Σ of what that rounding left, rounded to a multiple of 2^-56. */
  readonly low: Float64Array
  /** Updates in it. */
  count: number
  /** Σ of each update's greatest |w·x| or weight, rounded up: a whole number, so that it is exact as well. */
  reach: number
}

// Adding 1.5 · 2^(52 − k) and taking it away again rounds a double below 2^(51 − k) to a multiple of 2^-k.
const toHighUnit = 1.5 * 2 ** 32
const toLowUnit = 1.5 * 2 ** -4

/** Multiples of 2^-20 are doubles below 2^33, and each summand must be below 2^31. */
export const maxReach = 2 ** 31
/** Each rest is at most 2^-21, and multiples of 2^-56 are doubles up to 2^-3. */
export const maxSummed = 2 ** 18

/** @param shared in memory that threads share; else of this thread alone */
export function emptySum(size: number, { shared = false } = {}): UpdateSum {
  const numbers = (): Float64Array =>
    shared
      ? new Float64Array(new SharedArrayBuffer((size + 1) * Float64Array.BYTES_PER_ELEMENT))
      : new Float64Array(size + 1)
  return { high: numbers(), low: numbers(), count: 0, reach: 0 }
}

/** Forgets what was added. */
export function clearSum(sum: UpdateSum): void {
  sum.high.fill(0)
  sum.low.fill(0)
  sum.count = 0
  sum.reach = 0
}

/**
 * Counts one update in. Each param of it is off by at most 2^-57 (of w·x) and by the rounding of w·x to a double.
 * @throws AggregationError 'wrong-length' | 'out-of-range': the sum is then spoilt, and to be cleared
 */
export function addUpdate(sum: UpdateSum, delta: Float32Array, weight: number): void {
  const size = sum.high.length - 1
  if (delta.length !== size)
    throw new AggregationError('wrong-length', `sum: an update has ${delta.length} params, the model ${size}`)
  const greatest = addWeighted(sum.high, sum.low, delta, weight)
  addOne(sum, size, weight)
  sum.count += 1
  sum.reach += Math.ceil(Math.max(greatest, Math.abs(weight)))
  checkRange(sum)
}

/** Counts in all that `from` has. @throws AggregationError 'wrong-length' | 'out-of-range' */
export function mergeSum(into: UpdateSum, from: UpdateSum): void {
  if (from.high.length !== into.high.length)
    throw new AggregationError(
      'wrong-length',
      `sum: a partial sum has ${from.high.length - 1} params, the model ${into.high.length - 1}`,
    )
  addAll(into.high, from.high)
  addAll(into.low, from.low)
  into.count += from.count
  into.reach += from.reach
  checkRange(into)
}

/** Σ wᵢ. */
export const totalWeight = ({ high, low }: UpdateSum): number => high.at(-1)! + low.at(-1)!

/** Σ wᵢ·xᵢ / Σ wᵢ. @throws AggregationError 'too-few' | 'zero-weight' */
export function meanOfSum(sum: UpdateSum): Float32Array {
  if (sum.count < 1) throw new AggregationError('too-few', 'mean: needs 1 update, has 0')
  const weight = totalWeight(sum)
  if (!(weight > 0)) throw new AggregationError('zero-weight', `mean: the total weight is ${weight}`) // NaN too
  return quotient(sum.high, sum.low, weight)
}

function checkRange({ count, reach }: UpdateSum): void {
  if (reach > maxReach)
    throw new AggregationError(
      'out-of-range',
      `sum: weights times updates come to over ${maxReach}: lower strategy.maxWeight or set plan.clipNorm`,
    )
  if (count > maxSummed)
    throw new AggregationError('out-of-range', `sum: over ${maxSummed} updates: lower cohort.reportingGoal`)
}

// Own functions, so that each loop is compiled once and stays monomorphic.

/** Greatest |weight · delta[i]|. */
function addWeighted(high: Float64Array, low: Float64Array, delta: Float32Array, weight: number): number {
  let greatest = 0
  for (let i = 0; i < delta.length; i++) {
    const term = weight * delta[i]!
    const coarse = term + toHighUnit - toHighUnit
    high[i]! += coarse
    low[i]! += term - coarse + toLowUnit - toLowUnit
    const magnitude = Math.abs(term)
    if (magnitude > greatest) greatest = magnitude
  }
  return greatest
}

function addOne({ high, low }: UpdateSum, i: number, term: number): void {
  const coarse = term + toHighUnit - toHighUnit
  high[i]! += coarse
  low[i]! += term - coarse + toLowUnit - toLowUnit
}

function addAll(into: Float64Array, from: Float64Array): void {
  for (let i = 0; i < into.length; i++) into[i]! += from[i]!
}

function quotient(high: Float64Array, low: Float64Array, by: number): Float32Array {
  const result = new Float32Array(high.length - 1)
  for (let i = 0; i < result.length; i++) result[i] = (high[i]! + low[i]!) / by
  return result
}
