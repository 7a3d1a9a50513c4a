import type { Params } from '@panal/client-core'
import { AggregationError, type Aggregator, type LinearRule, type UpdateSource } from '../strategy/strategy.ts'
import type { VectorEngine } from '../vector/engine.ts'
import { checkFinite } from '../vector/tiles.ts'
import { dividedSums, scalarsOf, type UpdateSum } from './exact-sum.ts'
import { refused, withRows } from './with-rows.ts'

/**
 * A linear rule. An engine that it is lent adds up all updates at once, each sum in a pass of its own. Without one they are
 * folded as they come, in canonical order with float64 accumulators: same updates, same bytes; time O(n · numSums · size),
 * memory 8 · numSums · size bytes whatever n is.
 */
export const linear = (rule: LinearRule): Aggregator => ({
  name: rule.name,
  minUpdates: 1,
  linear: rule,
  usesEngine: 'if-lent',
  async aggregate(updates, { engine } = {}) {
    checkCount(rule, updates.count)
    if (engine !== undefined) return addedUp(rule, updates, engine)
    try {
      return checkFinite(await folded(rule, updates))
    } catch (cause) {
      throw refused(rule.name, cause)
    }
  },
})

async function folded(rule: LinearRule, updates: UpdateSource): Promise<Params> {
  const { size } = updates
  const sums = new Float64Array(rule.numSums * size)
  const scalars = new Array<number>(rule.numScalars).fill(0)
  await fold(rule, updates, { sums, scalars })
  const result = new Float32Array(sums.length)
  rule.divisors(scalars).forEach((divisor, i) => {
    const [from, to] = [i * size, (i + 1) * size]
    divideInto(result.subarray(from, to), sums.subarray(from, to), divisor)
  })
  return result
}

function addedUp(rule: LinearRule, updates: UpdateSource, engine: VectorEngine): Promise<Params> {
  const { name, numSums, numScalars } = rule
  return withRows(name, updates, async (rows, facts) => {
    const summands = facts.map((each) => rule.summand(each))
    const scalars = Array.from({ length: numScalars }, (_, i) => summands.reduce((sum, of) => sum + of.scalars[i]!, 0))
    const result = new Float32Array(numSums * rows.size)
    for (const [i, divisor] of rule.divisors(scalars).entries()) {
      const coefficients = Float64Array.from(summands, (of) => of.coefficients[i]!)
      result.set(await engine.weightedSum(rows, coefficients, divisor), i * rows.size)
    }
    return result
  })
}

/** The same from sums of the updates, wherever they were added up. @throws AggregationError */
export function resultOfSum(rule: LinearRule, sum: UpdateSum): Float32Array {
  checkCount(rule, sum.count)
  const size = (sum.high.length - rule.numScalars) / rule.numSums
  return dividedSums(sum, rule.divisors(scalarsOf(sum, rule.numScalars)), size)
}

/** Numbers in the sums of a rule for a model of that many params. */
export const sumLength = ({ numSums, numScalars }: LinearRule, size: number): number => numSums * size + numScalars

/** @throws AggregationError 'zero-weight' */
export function positive(name: string, totalWeight: number): number {
  if (totalWeight > 0) return totalWeight // not NaN either
  throw new AggregationError('zero-weight', `${name}: the total weight is ${totalWeight}`)
}

function checkCount({ name }: LinearRule, count: number): void {
  if (count < 1) throw new AggregationError('too-few', `${name}: needs 1 update, has 0`)
}

async function fold(
  rule: LinearRule,
  updates: UpdateSource,
  { sums, scalars }: { readonly sums: Float64Array; readonly scalars: number[] },
): Promise<void> {
  const { size } = updates
  for await (const update of updates) {
    const { delta } = update
    if (delta.length !== size)
      throw new AggregationError(
        'wrong-length',
        `${rule.name}: an update has ${delta.length} params, the model ${size}`,
      )
    const summand = rule.summand(update)
    summand.coefficients.forEach((coefficient, i) =>
      addScaled(sums.subarray(i * size, (i + 1) * size), delta, coefficient),
    )
    summand.scalars.forEach((scalar, i) => (scalars[i]! += scalar))
  }
}

// Own functions, so that each loop is compiled once and stays monomorphic.
function addScaled(sum: Float64Array, delta: Float32Array, coefficient: number): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += coefficient * delta[i]!
}

function divideInto(result: Float32Array, sum: Float64Array, divisor: number): void {
  for (let i = 0; i < result.length; i++) result[i] = sum[i]! / divisor
}
