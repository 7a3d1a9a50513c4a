import type { Params } from '@panal/client-core'
import {
  AggregationError,
  defaultMaxHeldBytes,
  type Aggregator,
  type UpdateFacts,
  type UpdateSource,
} from '../strategy/strategy.ts'
import { type Rows, VectorError } from '../vector/engine.ts'
import { makeWasmEngine } from '../vector/wasm/engine.ts'
import { Batch } from './batch.ts'

/** A rule that looks at all updates of a round at once. */
export interface BatchRule {
  readonly name: string
  readonly minUpdates: number
  /** @throws AggregationError */
  apply(batch: Batch): Promise<Params>
}

/** What is done to all updates of a round before a rule makes one of them. */
export interface PreAggregator {
  readonly name: string
  /** How many it needs for what comes after it to have `next`. */
  minUpdates(next: number): number
  apply(batch: Batch): Promise<Batch>
}

/**
 * A rule on all updates at once, after what comes before it, in that order. Holds every update: 4 · n · size bytes, and
 * refuses what is beyond `maxHeldBytes` of the source rather than let the server run out of memory.
 */
export function onWholeBatch(rule: BatchRule, before: readonly PreAggregator[] = []): Aggregator {
  const minUpdates = before.reduceRight((needed, each) => each.minUpdates(needed), rule.minUpdates)
  const name = [...before, rule].map((each) => each.name).join(', ')
  return {
    name,
    minUpdates,
    batch: rule,
    async aggregate(updates, engine = makeWasmEngine()) {
      const { count } = updates
      if (count < minUpdates)
        throw new AggregationError('too-few', `${name}: needs ${minUpdates} updates, has ${count}`)
      const { rows, facts } = await hold(name, updates)
      try {
        let batch = Batch.of(engine, rows, facts)
        for (const each of before) batch = await each.apply(batch)
        return await rule.apply(batch)
      } catch (cause) {
        throw refused(name, cause)
      }
    },
  }
}

/** What no second try makes finite abandons the round; an engine that fails is tried again. */
function refused(name: string, cause: unknown): unknown {
  if (!(cause instanceof VectorError) || cause.code !== 'not-finite') return cause
  return new AggregationError('out-of-range', `${name}: ${cause.message}`, { cause })
}

/** @throws AggregationError 'too-large' | 'wrong-length' */
async function hold(name: string, updates: UpdateSource): Promise<{ rows: Rows; facts: UpdateFacts[] }> {
  const { count, size, maxHeldBytes = defaultMaxHeldBytes } = updates
  const numBytes = 4 * count * size
  if (numBytes > maxHeldBytes)
    throw new AggregationError(
      'too-large',
      `${name}: ${count} updates of ${size} params are ${numBytes} bytes, and this server holds ${maxHeldBytes} at once: raise --max-held-bytes or lower cohort.reportingGoal`,
    )
  const values: Float32Array[] = []
  const facts: UpdateFacts[] = []
  for await (const { delta, ...rest } of updates) {
    if (delta.length !== size)
      throw new AggregationError('wrong-length', `${name}: an update has ${delta.length} params, the model ${size}`)
    values.push(Float32Array.from(delta))
    facts.push(rest)
  }
  const read: Rows['read'] = (start, into) =>
    into.forEach((row, k) => row.set(values[k]!.subarray(start, start + row.length)))
  return { rows: { count, size, read }, facts }
}
