import { open } from 'node:fs/promises'
import { failpoint } from '../failpoint.ts'
import type { Task } from '../registry/task.ts'
import { acceptedUpdates, stalenessOf } from '../registry/updates.ts'
import { AggregationError, type UpdateSource, type WeightedUpdate } from '../strategy/strategy.ts'
import type { UpdateLog, UpdateRecord } from './ports.ts'
import { readWhole, type Spool } from './spool.ts'
import { openSpooledRows } from './spooled-rows.ts'
import type { AggregatingRound } from './state.ts'

/** All of a round that its candidate depends on. */
export type Collected = Pick<AggregatingRound, 'taskId' | 'number' | 'baseVersion' | 'participants'>

/** Files read at once while updates are folded: what the disk and the thread pool take is hidden behind the sums. */
const numReadAhead = 3

/**
 * The rows of a round's participants, in the order of the list. @throws AggregationError 'damaged-update' if one has no
 * accepted row: it was acknowledged, and to go on without it would be to lose it in silence
 */
export function countedUpdates(log: UpdateLog, { taskId, number, participants }: Omit<Collected, 'baseVersion'>) {
  const accepted = new Map(acceptedUpdates(log, taskId, number).map((row) => [row.deviceId, row]))
  return participants.map((deviceId): UpdateRecord => {
    const row = accepted.get(deviceId)
    if (row === undefined) throw new AggregationError('damaged-update', lost('has no row any more'))
    return row
  })
}

/** Where a server has the updates of its rounds, and how many bytes of them a rule may hold at once. */
interface Spooled {
  readonly log: UpdateLog
  readonly spool: Spool
  readonly maxHeldBytes: number
}

export const spooledUpdates =
  (task: Task, { log, spool, maxHeldBytes }: Spooled) =>
  (round: Collected): UpdateSource => ({ ...updateSource(task, spool, countedUpdates(log, round)), maxHeldBytes })

/** What updates are read by. */
interface Reading extends Pick<Task, 'layout' | 'codec'> {
  readonly strategy: Pick<Task['strategy'], 'effectiveSteps' | 'stalenessWeight'>
}

/** The updates of one round, decoded one at a time into one buffer, each first compared with its receipt's digest. */
export function updateSource(
  { layout, codec, strategy }: Reading,
  spool: Pick<Spool, 'update'>,
  updates: readonly UpdateRecord[],
): UpdateSource {
  return {
    count: updates.length,
    size: layout.size,
    ...(codec.isPlain === true && {
      openRows: () =>
        openSpooledRows(
          updates.map((update) => spool.update(update)),
          layout.size,
        ),
    }),
    async *[Symbol.asyncIterator](): AsyncGenerator<WeightedUpdate> {
      const params = new Float32Array(layout.size)
      // the next files are read and hashed, off this thread, while this one is folded
      const buffers = updates.slice(0, numReadAhead).map(() => Buffer.allocUnsafeSlow(codec.maxBytes(layout)))
      const reads: Promise<Uint8Array>[] = []
      const read = (index: number): void => {
        const update = updates[index]
        if (update === undefined) return
        const reading = readUpdate(spool.update(update), update.sha256, buffers[index % numReadAhead]!)
        reading.catch(() => undefined) // heard of when its turn comes, if it comes
        reads.push(reading)
      }
      for (let i = 0; i < numReadAhead; i++) read(i)
      for (const [i, update] of updates.entries()) {
        const { deviceId, weight, norm, numExamples, lossBefore } = update
        const delta = codec.decode(await reads[i]!, layout, params)
        const effectiveSteps = strategy.effectiveSteps(numExamples)
        const staleness = stalenessOf(update)
        yield {
          deviceId,
          delta,
          weight,
          effectiveSteps,
          norm,
          ...(lossBefore !== undefined && { lossBefore }),
          ...(staleness > 0 && { discount: strategy.stalenessWeight.of(staleness) }),
        }
        failpoint('mid-aggregate')
        read(i + numReadAhead)
      }
    },
  }
}

/** @throws AggregationError 'damaged-update': trying again would not bring the update back */
export async function readUpdate(path: string, sha256: string, into: Uint8Array): Promise<Uint8Array> {
  let bytes: Uint8Array
  try {
    const file = await open(path, 'r')
    try {
      bytes = await readWhole(file, into)
    } finally {
      await file.close()
    }
  } catch (cause) {
    throw new AggregationError('damaged-update', lost('can no longer be read from the disk'), { cause })
  }
  const found = Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex')
  if (found !== sha256) throw new AggregationError('damaged-update', lost('no longer has the bytes of its receipt'))
  return bytes
}

/** Without the device: the reason of a round is for everybody to read, its participants are not. */
const lost = (what: string): string =>
  `damaged-update: an accepted update ${what}; the round is abandoned rather than averaged without it`
