import { systemClock, type JoinReply, type Refusal } from '@panal/client-core'
import { Connection, type OnEvent } from './connection.ts'
import { challengeOf, enrol, joinPayload, type Identity } from './identity.ts'
import { onSchedule } from './schedule.ts'
import type { Timings } from './timings.ts'

const clock = systemClock({ setTimeout, clearTimeout })

export interface Joined {
  readonly identity: Identity
  readonly connection: Connection
}

export interface CrowdOptions {
  readonly server: string
  readonly taskId: string
  /** What the devices say of themselves: one that is not idle is not asked by a task that wants idle ones. */
  readonly idle: boolean
  readonly joinsPerSecond: number
  /** From the moment a device was due to begin, whether it could or not, to the answer to its join. */
  readonly joins: Timings
  readonly onEvent?: (identity: Identity, ...event: Parameters<OnEvent>) => void
  readonly onProblem: (problem: string) => void
}

export async function enrolAll(server: string, taskId: string, count: number): Promise<Identity[]> {
  const challenge = await challengeOf(server)
  const identities: Identity[] = []
  let numBegun = 0
  const one = async () => {
    while (numBegun++ < count) identities.push(await enrol(server, taskId, challenge))
  }
  await Promise.all(Array.from({ length: 8 }, one))
  return identities
}

/** Joins all of them, each at its own time on a fixed schedule. */
export async function joinAll(identities: readonly Identity[], options: CrowdOptions): Promise<Joined[]> {
  const { server, taskId, idle, joinsPerSecond, joins, onEvent, onProblem } = options
  const one = async (identity: Identity, dueAt: number): Promise<Joined> => {
    const heard: OnEvent = (name, payload) => {
      if (name === 'closing') onProblem(`closing: ${JSON.stringify(payload)}`)
      else onEvent?.(identity, name, payload)
    }
    const connection = await Connection.open(server, heard, onProblem)
    const { challenge } = connection
    const join = await joinPayload(identity, { taskId, idle, challenge, origin: server })
    const reply = await connection.ask<JoinReply | Refusal>('join', join)
    if (!reply.ok) throw new Error(`join refused: ${reply.code}`)
    joins.add(performance.now() - dueAt)
    if (reply.assignment !== null) onEvent?.(identity, 'assignment', reply.assignment)
    return { identity, connection }
  }
  return await onSchedule(identities, joinsPerSecond, one)
}

/** Keeps their leases alive as devices do, one heartbeat each `everyMs`, evenly spread, until the signal aborts. */
export async function beat(
  devices: readonly Joined[],
  idle: boolean,
  everyMs: number,
  signal: AbortSignal,
): Promise<void> {
  const conditions = { charging: true, unmetered: true, idle }
  const tickMs = 100
  for (let due = 0, next = 0; !signal.aborted;) {
    due += (devices.length * tickMs) / everyMs
    for (; next < due; next++)
      void devices[next % devices.length]!.connection.ask('heartbeat', { phase: 'waiting', conditions })
    await clock.sleep(tickMs, signal).catch(() => undefined)
  }
}
