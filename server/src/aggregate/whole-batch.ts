import type { Params } from '@panal/client-core'
import { AggregationError, type AggregationContext, type Aggregator, type UpdateFacts } from '../strategy/strategy.ts'
import { makeWasmEngine } from '../vector/wasm/engine.ts'
import { Batch } from './batch.ts'
import { withRows } from './with-rows.ts'

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
 * A rule on all updates at once, after what comes before it, in that order: see `withRows` for where they are then.
 */
export function onWholeBatch(rule: BatchRule, before: readonly PreAggregator[] = []): Aggregator {
  const minUpdates = before.reduceRight((needed, each) => each.minUpdates(needed), rule.minUpdates)
  const name = [...before, rule].map((each) => each.name).join(', ')
  return {
    name,
    minUpdates,
    usesEngine: 'always',
    batch: rule,
    ...(rule.usesPrevious === true && { usesPrevious: true }),
    ...(rule.usesRoot === true && { usesRoot: true }),
    numEarlierRounds: before[0]?.numEarlierRounds ?? 0,
    async aggregate(updates, { engine = makeWasmEngine(), ...context } = {}) {
      const { count } = updates
      if (count < minUpdates)
        throw new AggregationError('too-few', `${name}: needs ${minUpdates} updates, has ${count}`)
      return withRows(name, updates, async (rows, facts) => {
        let batch = Batch.of(engine, rows, facts)
        if (facts.some(isDiscounted)) batch = batch.scaled(Float64Array.from(facts, discountOf))
        for (const each of before) batch = await each.apply(batch, context)
        return rule.apply(batch, context)
      })
    },
  }
}

const discountOf = ({ discount = 1 }: UpdateFacts): number => discount
const isDiscounted = (facts: UpdateFacts): boolean => discountOf(facts) !== 1
