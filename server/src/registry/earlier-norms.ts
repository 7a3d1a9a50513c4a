import type { UpdateLog } from '../round/ports.ts'
import { countedUpdates } from '../round/update-source.ts'
import type { ModelVersion } from './model-version.ts'
import type { Task } from './task.ts'
import { stalenessOf } from './updates.ts'

interface NormsDeps {
  readonly log: UpdateLog
  readonly version: (version: number) => ModelVersion
}

/** See `Registry.earlierNorms`. @throws AggregationError 'damaged-update' where one has no row any more */
export function earlierNormsOf(
  { id: taskId, strategy }: Task,
  { version: newest, numRounds }: { readonly version: number; readonly numRounds: number },
  { log, version }: NormsDeps,
): number[] {
  const norms: number[] = []
  for (let next: number | null = newest, left = numRounds; next !== null && left > 0; left--) {
    const { parent, roundNumber, replayOf, participants } = version(next)
    const number = roundNumber ?? replayOf?.roundNumber
    if (number === undefined) break // no round made it
    for (const update of countedUpdates(log, { taskId, number, participants })) {
      const staleness = stalenessOf(update)
      norms.push(staleness > 0 ? update.norm * strategy.stalenessWeight.of(staleness) : update.norm)
    }
    next = parent
  }
  return norms
}
