import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  httpTransfer,
  makeRng,
  socketIoChannel,
  startSession,
  systemClock,
  type DeviceRuntime,
  type Session,
  type SessionEvent,
} from '@panal/client-core'
import { memoryStorage, sha256 } from '../fixtures/device-bench.ts'
import { nodeKeys } from '../../simulations/src/fleet/node-keys.ts'
import { createTask, useLiveServer } from '../fixtures/live-server.ts'
import { makeNullTrainer } from '../fixtures/null-trainer.ts'
import { asLocalOwner } from '../fixtures/people.ts'

const numRounds = 3
const live = useLiveServer()
const real = systemClock(globalThis)

const dataset = { numExamples: 1, inputShape: [4, 4, 1], x: new Float32Array(16), y: Int32Array.of(0) }

const dayMs = 86_400_000

/** The first device's clock is right, the second's a day behind, the third's a day ahead. */
const runtimeOf = (index: number): DeviceRuntime => {
  const offByMs = [0, 0, -dayMs, dayMs][index] ?? 0
  const clock = { ...real, now: () => real.now() + offByMs }
  const rng = makeRng(index)
  const keys = nodeKeys(rng)
  return {
    clock,
    rng,
    sha256,
    storage: memoryStorage(),
    keys,
    origin: live.url,
    transfer: httpTransfer({ baseUrl: live.url, fetch: (url, init) => fetch(url, init), keys, sha256, clock, rng }),
    connect: async (signal) => socketIoChannel(live.url, {}, { clock, signal }),
    conditions: async () => ({ charging: true, unmetered: true, idle: true }),
  }
}

interface Device {
  readonly session: Session
  readonly events: SessionEvent[]
  /** Resolves with the events once `enough` says so. */
  until(enough: (events: readonly SessionEvent[]) => boolean): Promise<readonly SessionEvent[]>
}

function start(runtime: DeviceRuntime, taskId = 'digits'): Device {
  const events: SessionEvent[] = []
  const watchers = new Set<() => void>()
  const onEvent = (event: SessionEvent) => {
    events.push(event)
    for (const watch of watchers) watch()
  }
  return {
    session: startSession({ runtime, taskId, data: dataset, makeTrainer: makeNullTrainer(0.001), onEvent }),
    events,
    until: (enough) =>
      new Promise((resolve) => {
        const watch = () => {
          if (!enough(events)) return
          watchers.delete(watch)
          resolve(events)
        }
        watchers.add(watch)
        watch()
      }),
  }
}

const roundsAccepted = (events: readonly SessionEvent[]) =>
  events.flatMap((event) => (event.type === 'accepted' ? [event.receipt.roundNumber] : []))

describe('sessions against the real server', () => {
  let runtimes: DeviceRuntime[] = []
  let devices: Device[] = []

  beforeAll(async () => {
    await createTask(live, {
      lease: { heartbeatMs: 2_000, leaseMs: 20_000 },
      rounds: { minIntervalMs: 0, max: numRounds },
    })
    runtimes = [1, 2, 3].map(runtimeOf)
    devices = runtimes.map((runtime) => start(runtime))
  }, 60_000)
  afterAll(async () => {
    await Promise.all(devices.map(({ session }) => session.leave()))
  })

  it('[P17] [F21] every device’s update counts in every round, a day off or not, until the task’s last', async () => {
    const all = await Promise.all(
      devices.map(({ until }) => until((events) => roundsAccepted(events).length === numRounds)),
    )
    for (const events of all) {
      expect(roundsAccepted(events)).toEqual([1, 2, 3])
      expect(events.filter(({ type }) => ['refused', 'failed', 'withdrawn'].includes(type))).toEqual([])
    }
    const summaries = (events: readonly SessionEvent[]) =>
      events.flatMap((event) => (event.type === 'round' ? [event.round] : []))
    const isOver = (events: readonly SessionEvent[]) =>
      summaries(events).some(({ number, phase }) => number === numRounds && phase === 'closed')
    const last = summaries(await devices[0]!.until(isOver)).at(-1)
    expect(last).toMatchObject({ number: numRounds, numInvited: 3, numAccepted: 3, numRejected: 0, numLate: 0 })
    // 51 params of 4 bytes, from each of three devices, and nothing more.
    expect(last?.bytesUp).toBe(3 * 51 * 4)
  }, 30_000)

  it('[P24] a device goes on through a rotation of the server’s key, and trusts the new one from then on', async () => {
    await createTask(live, {
      id: 'rotating',
      cohort: { size: 1, overSelection: 1, reportingGoal: 1, minimum: 1, deadlineMs: 60_000 },
      rounds: { minIntervalMs: 0 },
    })
    const device = start(runtimeOf(4), 'rotating')
    const keyIds = (events: readonly SessionEvent[]) =>
      events.flatMap((event) => (event.type === 'accepted' ? [event.receipt.keyId] : []))
    const [old] = keyIds(await device.until((events) => keyIds(events).length > 0))
    const rotated = await asLocalOwner<{ kid: string }>(live, 'POST', '/v1/keys/rotate')
    const events = await device.until((all) => keyIds(all).filter((keyId) => keyId === rotated.kid).length === 2)
    expect(new Set(keyIds(events))).toEqual(new Set([old, rotated.kid]))
    expect(events.filter(({ type }) => ['refused', 'failed'].includes(type))).toEqual([])
    await device.session.leave()
  }, 60_000)

  it('[P13] a second session of the same device takes over; the first ends and stays away', async () => {
    const second = start(runtimes[0]!)
    expect(await devices[0]!.session.ended).toMatchObject({ reason: 'refused', code: 'superseded' })
    await second.until((events) => events.some(({ type }) => type === 'joined'))
    devices.push(second)
  })

  it('[P13] a device that leaves is a member no more', async () => {
    await Promise.all(devices.map(({ session }) => session.leave()))
    expect(await (await live.fetch('/v1/tasks/digits')).json()).toMatchObject({ numMembers: 0 })
  })
})
