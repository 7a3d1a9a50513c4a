import type { RootUpdate } from '../gate/contract.ts'
import type { Registry } from '../registry/registry.ts'
import type { Task } from '../registry/task.ts'
import type { AggregationContext } from '../strategy/strategy.ts'
import type { RootDelta } from './root-delta.ts'
import type { Collected } from './update-source.ts'

export interface ContextPorts {
  readonly registry: Pick<Registry, 'aggregate' | 'earlierNorms'>
  readonly rootDelta?: RootDelta
}

export interface RoundContext {
  readonly context: Omit<AggregationContext, 'engine'>
  /** What trained on the root set; undefined where nothing did, so far. */
  readonly rootBackend: () => string | undefined
}

/**
 * What the task's rule has beside the updates of a round, for live rounds, replays and experiments alike. Depends on the
 * round's base and number alone, so that whoever aggregates again has the same; on another backend the root set's part of
 * it is rounded otherwise.
 */
export async function contextOf(
  task: Task,
  round: Collected,
  { registry, rootDelta }: ContextPorts,
  signal: AbortSignal,
): Promise<RoundContext> {
  const { usesPrevious = false, usesRoot = false, numEarlierRounds = 0 } = task.strategy.aggregator
  const { baseVersion } = round
  let backend: string | undefined
  const train = async (root: Promise<RootUpdate>) => {
    const update = await root
    backend = update.backend
    return update.delta
  }
  return {
    context: {
      ...(usesPrevious && { previous: await registry.aggregate(task.id, baseVersion) }),
      ...(numEarlierRounds > 0 && { earlierNorms: await registry.earlierNorms(task, baseVersion, numEarlierRounds) }),
      ...(usesRoot && rootDelta && { rootDelta: once(() => train(rootDelta(round, signal))) }),
    },
    rootBackend: () => backend,
  }
}

/** A rule that begins anew, on another engine, need not have it trained again. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}
