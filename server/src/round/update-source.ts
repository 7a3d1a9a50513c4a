import { failpoint } from '../failpoint.ts'
import type { Task } from '../registry/task.ts'
import { acceptedUpdates, stalenessOf } from '../registry/updates.ts'
import { AggregationError, type UpdateFacts, type UpdateSource, type WeightedUpdate } from '../strategy/strategy.ts'
import type { UpdateLog, UpdateRecord } from './ports.ts'
import { lookAtUpdates, lost, minThreadedBytes, readUpdate } from './received-update.ts'
import type { Spool } from './spool.ts'
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

/**
 * The updates of one round, decoded one at a time into one buffer, each first compared with its receipt's digest. Those that
 * lie as they are can be read there, once they have been compared.
 */
export function updateSource(
  { layout, codec, strategy }: Reading,
  spool: Pick<Spool, 'update'>,
  updates: readonly UpdateRecord[],
): UpdateSource {
  const { size } = layout
  const count = updates.length
  const factsOf = (update: UpdateRecord): UpdateFacts => {
    const { weight, norm, numExamples, lossBefore } = update
    const staleness = stalenessOf(update)
    return {
      weight,
      effectiveSteps: strategy.effectiveSteps(numExamples),
      norm,
      ...(lossBefore !== undefined && { lossBefore }),
      ...(staleness > 0 && { discount: strategy.stalenessWeight.of(staleness) }),
    }
  }
  const files = updates.map((update) => ({ path: spool.update(update), sha256: update.sha256 }))
  const isPlain = codec.isPlain === true
  return {
    count,
    size,
    ...(isPlain && {
      async openRows() {
        await lookAtUpdates(files, { size })
        const opened = await openSpooledRows(
          files.map(({ path }) => path),
          size,
        )
        return { ...opened, facts: updates.map(factsOf) }
      },
    }),
    ...(isPlain &&
      4 * count * size >= minThreadedBytes && {
        async productsWith(other) {
          const products = await lookAtUpdates(files, { size, other })
          return updates.map(({ deviceId }, i) => ({ deviceId, ...products[i]! }))
        },
      }),
    async *[Symbol.asyncIterator](): AsyncGenerator<WeightedUpdate> {
      const params = new Float32Array(size)
      // the next files are read and hashed, off this thread, while this one is folded
      const buffers = updates.slice(0, numReadAhead).map(() => Buffer.allocUnsafeSlow(codec.maxBytes(layout)))
      const reads: Promise<Uint8Array>[] = []
      const read = (index: number): void => {
        const file = files[index]
        if (file === undefined) return
        const reading = readUpdate(file.path, file.sha256, buffers[index % numReadAhead]!)
        reading.catch(() => undefined) // heard of when its turn comes, if it comes
        reads.push(reading)
      }
      for (let i = 0; i < numReadAhead; i++) read(i)
      for (const [i, update] of updates.entries()) {
        const delta = codec.decode(await reads[i]!, layout, params)
        yield { deviceId: update.deviceId, delta, ...factsOf(update) }
        failpoint('mid-aggregate')
        read(i + numReadAhead)
      }
    },
  }
}
