import { makePolicy, type PolicySpec } from '../policy.ts'
import type { Aggregator } from '../strategy/strategy.ts'
import { preAggregators } from './before/registry.ts'
import { aggregators } from './registry.ts'
import { onWholeBatch } from './whole-batch.ts'

/** What a task document says of how updates become one. */
export interface AggregatorSpecs {
  readonly aggregator: PolicySpec<typeof aggregators>
  /** Run on all updates in this order, before it. */
  readonly preAggregators?: readonly PolicySpec<typeof preAggregators>[]
}

/**
 * The task's aggregator behind what comes before it.
 * @throws TypeError if that one takes updates as they come: the document's rules refuse it
 */
export function makeAggregator(specs: AggregatorSpecs): Aggregator {
  const aggregator: Aggregator = makePolicy(aggregators, specs.aggregator)
  const before = (specs.preAggregators ?? []).map((spec) => makePolicy(preAggregators, spec))
  if (before.length === 0) return aggregator
  if (aggregator.batch === undefined) throw new TypeError(`${aggregator.name} takes updates as they come`)
  return onWholeBatch(aggregator.batch, before)
}
