import type { Params } from '@panal/client-core'
import { resultOfSum } from '../aggregate/linear.ts'
import type { Registry } from '../registry/registry.ts'
import type { Task } from '../registry/task.ts'
import type { Aggregator } from '../strategy/strategy.ts'
import type { RoundPorts, RoundUpdates } from './ports.ts'
import type { Collected } from './update-source.ts'

export interface Candidate {
  readonly params: Params
  readonly optimizerState: Params
  /** Whether devices may read the state. */
  readonly sharesState?: boolean
}

/**
 * What the updates of a round make of its base. Depends on nothing but what is durable when collection ends, so a round
 * that a crash interrupted and a replay years later give the same bytes [R15] [R19].
 * @throws AggregationError
 */
export async function makeCandidate(
  task: Task,
  round: Collected,
  {
    registry,
    updates,
  }: Pick<RoundPorts, 'updates'> & { readonly registry: Pick<Registry, 'params' | 'optimizerState'> },
): Promise<Candidate> {
  const { aggregator, optimizer } = task.strategy

  // 3 aggregate: the mean of the clients' deltas, in canonical order
  const counted = updates(round)
  const meanDelta = await aggregate(aggregator, counted)

  // 4 apply: the server optimizer moves the base by it
  const base = await registry.params(task.id, round.baseVersion)
  const state = await registry.optimizerState(task, round.baseVersion)
  const next = optimizer.apply(base, meanDelta, state, { numUpdates: counted.count })
  return { params: next.params, optimizerState: next.state, sharesState: optimizer.sharesState === true }
}

async function aggregate(aggregator: Aggregator, updates: RoundUpdates): Promise<Params> {
  if (!('reach' in updates)) return aggregator.aggregate(updates)
  if (aggregator.linear === undefined)
    throw new TypeError(`${aggregator.name} needs every update, and was given their sum`)
  return resultOfSum(aggregator.linear, updates)
}
