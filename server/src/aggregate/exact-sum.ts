import { AggregationError, type Summand } from '../strategy/strategy.ts'

/**
 * Sums Σ cᵢ·xᵢ of some updates, one or several, and of numbers beside them, kept in two parts whose additions never round:
 * any grouping and any order of the same updates gives the same bytes. So partial sums of workers, or of servers below this
 * one, may be merged as they come.
 */
export interface UpdateSum {
  /** [numSums · size + numScalars] Σ of each term rounded to a multiple of 2^-20. */
  readonly high: Float64Array
  /** [numSums · size + numScalars] Σ of what that rounding left, rounded to a multiple of 2^-56. */
  readonly low: Float64Array
  /** Updates in it. */
  count: number
  /** Σ of each update's greatest |c·x| or scalar, rounded up: a whole number, so that it is exact as well. */
  reach: number
}

// Adding 1.5 · 2^(52 − k) and taking it away again rounds a double below 2^(51 − k) to a multiple of 2^-k.
const toHighUnit = 1.5 * 2 ** 32
const toLowUnit = 1.5 * 2 ** -4

/** Multiples of 2^-20 are doubles below 2^33, and each summand must be below 2^31. */
export const maxReach = 2 ** 31
/** Each rest is at most 2^-21, and multiples of 2^-56 are doubles up to 2^-3. */
export const maxSummed = 2 ** 18

/**
 * @param length numSums · size + numScalars
 * @param shared in memory that threads share; else of this thread alone
 */
export function emptySum(length: number, { shared = false } = {}): UpdateSum {
  const numbers = (): Float64Array =>
    shared ? new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT)) : new Float64Array(length)
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
 * Counts one update in. Each value of the sum is off by at most 2^-57 of it and by the rounding of c·x to a double.
 * @throws AggregationError 'wrong-length' | 'out-of-range': the sum is then spoilt, and to be cleared
 */
export function addUpdate(sum: UpdateSum, delta: Float32Array, { coefficients, scalars }: Summand): void {
  const { high, low } = sum
  const size = (high.length - scalars.length) / coefficients.length
  if (delta.length !== size)
    throw new AggregationError('wrong-length', `sum: an update has ${delta.length} params, the model ${size}`)
  let greatest = 0
  coefficients.forEach((coefficient, i) => {
    const [from, to] = [i * size, (i + 1) * size]
    greatest = Math.max(greatest, addScaled(high.subarray(from, to), low.subarray(from, to), delta, coefficient))
  })
  scalars.forEach((scalar, i) => {
    addOne(sum, coefficients.length * size + i, scalar)
    greatest = Math.max(greatest, Math.abs(scalar))
  })
  sum.count += 1
  sum.reach += Math.ceil(greatest)
  checkRange(sum)
}

/** Counts in all that `from` has. @throws AggregationError 'wrong-length' | 'out-of-range' */
export function mergeSum(into: UpdateSum, from: UpdateSum): void {
  if (from.high.length !== into.high.length)
    throw new AggregationError(
      'wrong-length',
      `sum: a partial sum has ${from.high.length} numbers, this one ${into.high.length}`,
    )
  addAll(into.high, from.high)
  addAll(into.low, from.low)
  into.count += from.count
  into.reach += from.reach
  checkRange(into)
}

/**
 * A sum that somebody else has made: undefined where a part is no multiple of its unit, or more than its updates can come
 * to. To add it to another is then as exact as to add its updates.
 */
export function partsOf(
  high: Float64Array,
  low: Float64Array,
  { count, reach }: Pick<UpdateSum, 'count' | 'reach'>,
): UpdateSum | undefined {
  if (!(reach <= maxReach && count <= maxSummed) || high.length !== low.length) return undefined
  if (count === 0 && reach > 0) return undefined
  // a term rounds by at most half a unit, a rest is at most that long
  const isSound = areMultiples(high, 2 ** 20, reach + count * 2 ** -21) && areMultiples(low, 2 ** 56, count * 2 ** -21)
  return isSound ? { high, low, count, reach } : undefined
}

/** Σ of the number at that place among them all. */
const at = ({ high, low }: UpdateSum, i: number): number => high.at(i)! + low.at(i)!

/** The numbers beside the sums. */
export const scalarsOf = (sum: UpdateSum, numScalars: number): number[] =>
  Array.from({ length: numScalars }, (_, i) => at(sum, sum.high.length - numScalars + i))

/** [divisors.length · size] Each sum over its divisor. */
export function dividedSums({ high, low }: UpdateSum, divisors: readonly number[], size: number): Float32Array {
  const result = new Float32Array(divisors.length * size)
  divisors.forEach((divisor, i) => {
    const [from, to] = [i * size, (i + 1) * size]
    divideInto(result.subarray(from, to), { high: high.subarray(from, to), low: low.subarray(from, to) }, divisor)
  })
  return result
}

function checkRange({ count, reach }: UpdateSum): void {
  if (!(reach <= maxReach))
    // NaN too
    throw new AggregationError(
      'out-of-range',
      `sum: weights times updates come to over ${maxReach}: lower strategy.maxWeight or set plan.clipNorm`,
    )
  if (count > maxSummed)
    throw new AggregationError('out-of-range', `sum: over ${maxSummed} updates: lower cohort.reportingGoal`)
}

// Own functions, so that each loop is compiled once and stays monomorphic.

/** Of 1 / perUnit, and none greater than `most`; not so of NaN. */
function areMultiples(values: Float64Array, perUnit: number, most: number): boolean {
  for (let i = 0; i < values.length; i++)
    if (!(Math.abs(values[i]!) <= most && Number.isInteger(values[i]! * perUnit))) return false
  return true
}

/** Greatest |coefficient · delta[i]|. */
function addScaled(high: Float64Array, low: Float64Array, delta: Float32Array, coefficient: number): number {
  let greatest = 0
  for (let i = 0; i < delta.length; i++) {
    const term = coefficient * delta[i]!
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

function divideInto(
  result: Float32Array,
  { high, low }: { readonly high: Float64Array; readonly low: Float64Array },
  divisor: number,
): void {
  for (let i = 0; i < result.length; i++) result[i] = (high[i]! + low[i]!) / divisor
}
