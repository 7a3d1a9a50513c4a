import { failpoint } from '../failpoint.ts'
import type { Registry } from '../registry/registry.ts'
import type { UpdateLog } from './ports.ts'
import { advance, type Round, type RoundEvent } from './state.ts'

/**
 * The round of a task that a stop, a crash or a failure left open, with every verdict that was recorded [R9]; null if
 * there is none. A collecting round is saved at its opening and when collection ends: in between, the rows of the
 * updates are the record, and they are replayed onto it.
 */
export function recoveredRound(
  taskId: string,
  { registry, log }: { readonly registry: Registry; readonly log: UpdateLog },
): Round | null {
  const [open] = registry.openRounds(taskId)
  failpoint('during-recovery')
  if (open?.phase !== 'collecting') return open ?? null
  return log
    .updatesOf(taskId, open.number)
    .map(({ deviceId, verdict, receivedAt: at }): RoundEvent =>
      verdict === 'accepted'
        ? { type: 'accepted', deviceId, at }
        : { type: 'rejected', deviceId, code: 'bad-request', at },
    )
    .reduce<Round>(advance, open)
}
