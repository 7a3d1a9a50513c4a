import { setImmediate } from 'node:timers/promises'
import type { Params } from '@panal/client-core'
import {
  AggregationError,
  defaultMaxHeldBytes,
  type AggregationContext,
  type Aggregator,
  type OpenRows,
  type UpdateFacts,
  type UpdateSource,
} from '../strategy/strategy.ts'
import { type Rows, VectorError } from '../vector/engine.ts'
import { rowsAt } from '../vector/places.ts'
import { makeWasmEngine } from '../vector/wasm/engine.ts'
import { Batch } from './batch.ts'

/** A rule that looks at all updates of a round at once. */
export interface BatchRule {
  readonly name: string
  readonly minUpdates: number
  /** See `Aggregator`. */
  readonly usesPrevious?: boolean
  readonly usesRoot?: boolean
  /** @throws AggregationError */
  apply(batch: Batch, context: Omit<AggregationContext, 'engine'>): Promise<Params>
}

/** What is done to all updates of a round before a rule makes one of them. */
export interface PreAggregator {
  readonly name: string
  /** How many it needs for what comes after it to have `next`. */
  minUpdates(next: number): number
  /** See `Aggregator`: those of updates as they arrived, so it must come first. */
  readonly numEarlierRounds?: number
  apply(batch: Batch, context: Pick<AggregationContext, 'earlierNorms'>): Promise<Batch>
}

/**
 * A rule on all updates at once, after what comes before it, in that order. Holds every update, 4 · n · size bytes, up to
 * `maxHeldBytes` of the source; beyond that it reads them where they lie, tile after tile, and refuses what lies nowhere
 * as it is, rather than let the server run out of memory.
 */
export function onWholeBatch(rule: BatchRule, before: readonly PreAggregator[] = []): Aggregator {
  const minUpdates = before.reduceRight((needed, each) => each.minUpdates(needed), rule.minUpdates)
  const name = [...before, rule].map((each) => each.name).join(', ')
  return {
    name,
    minUpdates,
    needsEngine: true,
    batch: rule,
    ...(rule.usesPrevious === true && { usesPrevious: true }),
    ...(rule.usesRoot === true && { usesRoot: true }),
    numEarlierRounds: before[0]?.numEarlierRounds ?? 0,
    async aggregate(updates, { engine = makeWasmEngine(), ...context } = {}) {
      const { count } = updates
      if (count < minUpdates)
        throw new AggregationError('too-few', `${name}: needs ${minUpdates} updates, has ${count}`)
      const held = await hold(name, updates)
      try {
        let batch = Batch.of(engine, held.rows, held.facts)
        if (held.facts.some(isDiscounted)) batch = batch.scaled(Float64Array.from(held.facts, discountOf))
        for (const each of before) batch = await each.apply(batch, context)
        return await rule.apply(batch, context)
      } catch (cause) {
        throw refused(name, cause)
      } finally {
        await held.close()
      }
    },
  }
}

/** What no second try makes finite abandons the round; an engine that fails is tried again. */
function refused(name: string, cause: unknown): unknown {
  if (!(cause instanceof VectorError) || cause.code !== 'not-finite') return cause
  return new AggregationError('out-of-range', `${name}: ${cause.message}`, { cause })
}

const discountOf = ({ discount = 1 }: UpdateFacts): number => discount
const isDiscounted = (facts: UpdateFacts): boolean => discountOf(facts) !== 1

interface Held extends OpenRows {
  readonly facts: UpdateFacts[]
}

/**
 * All updates in memory where there is room, else where they lie. Each is looked at once in any case: its source compares it
 * with its receipt. @throws AggregationError 'too-large' | 'wrong-length', what the source throws
 */
async function hold(name: string, updates: UpdateSource): Promise<Held> {
  const { count, size, maxHeldBytes = defaultMaxHeldBytes } = updates
  const isHeld = 4 * count * size <= maxHeldBytes
  if (!isHeld && updates.openRows === undefined) throw tooLarge(name, updates, maxHeldBytes)
  const values: Float32Array<SharedArrayBuffer>[] = []
  const facts: UpdateFacts[] = []
  for await (const { delta, ...rest } of updates) {
    if (delta.length !== size)
      throw new AggregationError('wrong-length', `${name}: an update has ${delta.length} params, the model ${size}`)
    if (isHeld) values.push(shared(delta))
    facts.push(rest)
  }
  if (!isHeld) return { facts, ...(await updates.openRows!()) }
  const rows = rowsAt(
    values.map((at) => ({ at, scale: 1 })),
    size,
  )
  const read: Rows['read'] = async (...part) => {
    await setImmediate() // a tile may take a tenth of a second: others have their turn in between
    await rows.read(...part)
  }
  return { facts, rows: { ...rows, read }, close: () => Promise.resolve() }
}

/** A copy that an engine's threads can read. */
function shared(delta: Float32Array): Float32Array<SharedArrayBuffer> {
  const copy = new Float32Array(new SharedArrayBuffer(delta.byteLength))
  copy.set(delta)
  return copy
}

const tooLarge = (name: string, { count, size }: UpdateSource, maxHeldBytes: number): AggregationError =>
  new AggregationError(
    'too-large',
    `${name}: ${count} updates of ${size} params are ${4 * count * size} bytes, and this server holds ${maxHeldBytes} at once: ` +
      'raise --max-held-bytes, lower cohort.reportingGoal, or choose the codec f32, whose updates need not be held',
  )
