import { setImmediate } from 'node:timers/promises'
import { hasTooManyOpen } from '../has-too-many-open.ts'
import {
  AggregationError,
  defaultMaxHeldBytes,
  type OpenRows,
  type UpdateFacts,
  type UpdateSource,
} from '../strategy/strategy.ts'
import { type Rows, VectorError } from '../vector/engine.ts'
import { rowsAt, shared } from '../vector/places.ts'

/**
 * What `work` makes of all updates at once, as rows in canonical order that an engine can read. They are read where they lie,
 * as often as the rule passes over them: the system keeps files that were just read in memory, and gives that memory back
 * when it needs it. Where they are too many files to open or lie nowhere as they are, they are held in memory, 4 · n · size bytes
 * up to `maxHeldBytes` of the source; beyond that they are refused, or read where they lie all the same. Each is looked at
 * once in any case: its source compares it with its receipt.
 * @param name of the rule, for people
 * @throws AggregationError 'too-large' | 'wrong-length' | 'out-of-range', what the source throws; what `work` throws
 */
export async function withRows<T>(
  name: string,
  updates: UpdateSource,
  work: (rows: Rows, facts: readonly UpdateFacts[]) => Promise<T>,
): Promise<T> {
  const opened = await openOrHold(name, updates)
  try {
    return await work(opened.rows, opened.facts)
  } catch (cause) {
    throw refused(name, cause)
  } finally {
    await opened.close()
  }
}

/** Files that are open at once for updates that there is room to hold: a process may have 1,024. */
const maxOpenFiles = 256

/** Whether they lie somewhere as they are, and few enough to be read there rather than held. */
export const lieInPlace = (updates: UpdateSource): boolean =>
  updates.openRows !== undefined && updates.count <= maxOpenFiles

/** Whether there is room for them in memory. */
export const haveRoom = ({ count, size, maxHeldBytes = defaultMaxHeldBytes }: UpdateSource): boolean =>
  4 * count * size <= maxHeldBytes

/** What no second try makes finite abandons the round; an engine that fails is tried again. */
export function refused(name: string, cause: unknown): unknown {
  if (!(cause instanceof VectorError) || cause.code !== 'not-finite') return cause
  return new AggregationError('out-of-range', `${name}: ${cause.message}`, { cause })
}

async function openOrHold(name: string, updates: UpdateSource): Promise<OpenRows> {
  const { size } = updates
  if (lieInPlace(updates) || !haveRoom(updates)) {
    if (updates.openRows === undefined) throw tooLarge(name, updates)
    try {
      return await updates.openRows()
    } catch (cause) {
      if (!hasTooManyOpen(cause) || !haveRoom(updates)) throw cause
    }
  }
  const values: Float32Array<SharedArrayBuffer>[] = []
  const facts: UpdateFacts[] = []
  for await (const { delta, ...rest } of updates) {
    if (delta.length !== size)
      throw new AggregationError('wrong-length', `${name}: an update has ${delta.length} params, the model ${size}`)
    values.push(shared(delta))
    facts.push(rest)
  }
  const rows = rowsAt(values, size)
  const read: Rows['read'] = async (...part) => {
    await setImmediate() // a tile may take a tenth of a second: others have their turn in between
    await rows.read(...part)
  }
  return { facts, rows: { ...rows, read }, close: () => Promise.resolve() }
}

const tooLarge = (name: string, { count, size, maxHeldBytes = defaultMaxHeldBytes }: UpdateSource): AggregationError =>
  new AggregationError(
    'too-large',
    `${name}: ${count} updates of ${size} params are ${4 * count * size} bytes, and this server holds ${maxHeldBytes} at once: ` +
      'raise --max-held-bytes, lower cohort.reportingGoal, or choose the codec f32, whose updates need not be held',
  )
