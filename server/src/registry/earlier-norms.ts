import { setImmediate } from 'node:timers/promises'
import type { UpdateLog } from '../round/ports.ts'
import type { ModelVersion } from './model-version.ts'
import type { Task } from './task.ts'
import { acceptedUpdates, stalenessOf } from './updates.ts'

interface NormsDeps {
  readonly log: UpdateLog
  readonly version: (version: number) => ModelVersion
}

/** See `Registry.earlierNorms`. Others have their turn after each round: a thousand rows take some 20 ms. */
export async function earlierNormsOf(
  { id: taskId, strategy }: Task,
  { version: newest, numRounds }: { readonly version: number; readonly numRounds: number },
  { log, version }: NormsDeps,
): Promise<number[]> {
  const norms: number[] = []
  for (let next: number | null = newest, left = numRounds; next !== null && left > 0; left--) {
    const { parent, roundNumber, replayOf, participants } = version(next)
    const number = roundNumber ?? replayOf?.roundNumber
    if (number === undefined) break // no round made it
    const counted = new Set(participants)
    for (const update of acceptedUpdates(log, taskId, number).filter(({ deviceId }) => counted.has(deviceId))) {
      const staleness = stalenessOf(update)
      norms.push(staleness > 0 ? update.norm * strategy.stalenessWeight.of(staleness) : update.norm)
    }
    next = parent
    await setImmediate()
  }
  return norms
}
