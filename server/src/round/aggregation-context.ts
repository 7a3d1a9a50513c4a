import type { Params } from '@panal/client-core'
import type { Registry } from '../registry/registry.ts'
import type { Task } from '../registry/task.ts'
import type { AggregationContext } from '../strategy/strategy.ts'
import type { RootDelta } from './root-delta.ts'
import type { Collected } from './update-source.ts'

export interface ContextPorts {
  readonly registry: Pick<Registry, 'aggregate' | 'earlierNorms'>
  readonly rootDelta?: RootDelta
}

/**
 * What the task's rule has beside the updates of a round, for live rounds, replays and experiments alike. Depends on the
 * round's base and number alone, so that whoever aggregates again has the same.
 */
export async function contextOf(
  task: Task,
  round: Collected,
  { registry, rootDelta }: ContextPorts,
  signal: AbortSignal,
): Promise<Omit<AggregationContext, 'engine'>> {
  const { usesPrevious = false, usesRoot = false, numEarlierRounds = 0 } = task.strategy.aggregator
  const { baseVersion } = round
  return {
    ...(usesPrevious && { previous: await registry.aggregate(task.id, baseVersion) }),
    ...(numEarlierRounds > 0 && { earlierNorms: await registry.earlierNorms(task, baseVersion, numEarlierRounds) }),
    ...(usesRoot && rootDelta && { rootDelta: once(() => rootDelta(round, signal)) }),
  }
}

/** A rule that begins anew, on another engine, need not have it trained again. */
function once(make: () => Promise<Params>): () => Promise<Params> {
  let made: Promise<Params> | undefined
  return () => (made ??= make())
}
