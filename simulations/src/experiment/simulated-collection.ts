import { holdoutSalt, trainedShare, type DeviceId, type Params, type VirtualClock } from '@panal/client-core'
import {
  addToTally,
  deviceSeed,
  mergeSum,
  statusOf,
  type LiveRound,
  type RoundUpdates,
  type Task,
  type UpdateSource,
  type WeightedUpdate,
} from '@panal/server'
import type { CohortUpdates, DeviceOutcome, DeviceWork, Executor, PersonalState } from '../executor/executor.ts'
import type { Partition } from '../partition/partitioner.ts'
import type { SimulatedDevices, Trip } from '../profile/simulated-devices.ts'
import { deviceOf } from './device-ids.ts'
import type { KeptVectors } from './kept-vectors.ts'

export interface CollectionDeps {
  readonly task: Task
  readonly executor: Executor
  readonly partition: Partition
  readonly devices: SimulatedDevices
  readonly clock: VirtualClock
  readonly onDone: (outcome: DeviceOutcome) => void
  /** Null where the plan corrects nothing. */
  readonly corrections: KeptVectors | null
  /** Null where no model of a device's own is gone on with. */
  readonly personal: KeptVectors | null
  readonly isTested: (roundNumber: number) => boolean
}

/** What collection came to, beside the round's own state. */
export interface Collected {
  readonly updates: RoundUpdates
  /** Of the devices that trained, in the order in which they reported. */
  readonly outcomes: readonly DeviceOutcome[]
}

/** What the server sends to the devices of a round. */
export interface Sent {
  readonly base: Params
  /** For the plan's correction, if the server has something to say. */
  readonly servers?: Params
}

interface Planned {
  readonly deviceId: DeviceId
  readonly trip: Trip
}

/**
 * Collects a round's updates as a server would over hours, on the virtual clock. When each device reports follows from its
 * profile and its load, so it is known beforehand who can count: only they are trained, as many at a time as are still
 * missing. Then everything that happened is told to the round in the order of its time.
 */
export async function collectSimulated(
  live: LiveRound,
  { base, servers }: Sent,
  deps: CollectionDeps,
  signal: AbortSignal,
): Promise<Collected> {
  const { task, clock } = deps
  const { round } = live
  const planned = round.cohort.map((deviceId): Planned => ({ deviceId, trip: tripOf(deviceId, live, deps) }))
  // equal times: by id, so that nothing depends on how the engine sorts
  planned.sort((a, b) => a.trip.at - b.trip.at || (a.deviceId < b.deviceId ? -1 : 1))
  live.tally.bytesDown += round.cohort.length * baseBytes(task)

  const { outcomes, updates } = await trainUntilGoal(
    planned.filter(({ trip }) => trip.end === 'reports' && trip.at <= round.deadlineAt).map(({ deviceId }) => deviceId),
    {
      roundNumber: round.number,
      baseVersion: round.baseVersion,
      goal: round.reportingGoal,
      base,
      ...(servers !== undefined && { servers }),
    },
    deps,
    signal,
  )

  for (const { deviceId, trip } of planned) {
    if (live.round.phase !== 'collecting' || trip.at > round.deadlineAt) break
    const outcome = outcomes.get(deviceId)
    if (trip.end === 'reports' && outcome === undefined) continue // too late to be asked for: the goal was reached before
    await clock.advance(trip.at - clock.now())
    tell(live, deviceId, trip, outcome)
  }
  if (live.round.phase === 'collecting') {
    await clock.advance(round.deadlineAt - clock.now())
    live.dispatch({ type: 'deadline', at: clock.now() })
  }
  return { updates: asRoundUpdates(updates, task.layout.size), outcomes: [...outcomes.values()] }
}

/** With the base a device gets the optimizer's state where that is shared. */
const baseBytes = ({ layout, strategy }: Task): number =>
  layout.size * Float32Array.BYTES_PER_ELEMENT * (strategy.optimizer.sharesState === true ? 2 : 1)

function tripOf(deviceId: DeviceId, { round }: LiveRound, { task, partition, devices }: CollectionDeps): Trip {
  const { plan } = task.document
  const { epochs, maxExamples = Infinity } = plan
  const device = deviceOf(deviceId)
  return devices.trip(device, round.number, round.openedAt, {
    bytesDown: baseBytes(task),
    bytesUp: task.codec.maxBytes(task.layout),
    numExamples: epochs * Math.min(maxExamples, Math.ceil(trainedShare(plan) * partition.sizeOf(device))),
  })
}

interface Goal {
  readonly roundNumber: number
  readonly baseVersion: number
  /** Updates that are to count. */
  readonly goal: number
}

/** Trains devices in the order in which they report, until so many updates count or none is left. */
async function trainUntilGoal(
  reporters: readonly DeviceId[],
  { roundNumber, baseVersion, goal, ...sent }: Sent & Goal,
  { task, executor, partition, onDone, corrections, personal, isTested }: CollectionDeps,
  signal: AbortSignal,
): Promise<{ readonly outcomes: ReadonlyMap<DeviceId, DeviceOutcome>; readonly updates: CohortUpdates }> {
  const outcomes = new Map<DeviceId, DeviceOutcome>()
  const personalState = async (deviceId: DeviceId): Promise<PersonalState> => {
    const own = await personal?.of(deviceOf(deviceId), roundNumber)
    const salt = holdoutSalt(task.id, deviceId)
    return { salt, isMeasured: isTested(roundNumber), ...(own !== undefined && { own }) }
  }
  const workOf = async (deviceId: DeviceId): Promise<DeviceWork> => {
    const own = await corrections?.of(deviceOf(deviceId), baseVersion)
    return {
      deviceId,
      rows: partition.indicesOf(deviceOf(deviceId)).slice(), // a view would take all of its buffer along
      seed: deviceSeed(task, roundNumber, deviceId),
      ...(own !== undefined && { own }),
      ...(task.document.plan.personalisation !== undefined && { personal: await personalState(deviceId) }),
    }
  }
  let updates: CohortUpdates = []
  let numAccepted = 0
  for (let from = 0; numAccepted < goal && from < reporters.length;) {
    const wave = reporters.slice(from, from + goal - numAccepted)
    from += wave.length
    const devices: DeviceWork[] = []
    for (const deviceId of wave) devices.push(await workOf(deviceId))
    const found = await executor.run({ ...sent, round: roundNumber, devices }, signal, onDone)
    for (const [deviceId, own] of found.kept) await corrections?.put(deviceOf(deviceId), baseVersion, own)
    for (const [deviceId, own] of found.personal) await personal?.put(deviceOf(deviceId), roundNumber, own)
    for (const outcome of found.outcomes) {
      outcomes.set(outcome.deviceId, outcome)
      if (outcome.verdict === 'accepted') numAccepted += 1
    }
    updates = joined(updates, found.updates)
  }
  return { outcomes, updates }
}

function joined(earlier: CohortUpdates, later: CohortUpdates): CohortUpdates {
  if ('reach' in earlier && 'reach' in later) {
    mergeSum(earlier, later)
    return earlier
  }
  return 'reach' in earlier || 'reach' in later ? later : [...earlier, ...later]
}

function tell(live: LiveRound, deviceId: DeviceId, trip: Trip, outcome: DeviceOutcome | undefined): void {
  const { at } = trip
  if (trip.end === 'lost' || outcome === undefined) return void live.dispatch({ type: 'dropped', deviceId, at })
  if (outcome.verdict !== 'accepted')
    return void live.dispatch({ type: 'rejected', deviceId, code: outcome.verdict, at })
  if (statusOf(live.round, deviceId) !== 'asked') throw new Error(`experiment: ${deviceId} was not asked`)
  addToTally(live.tally, { bytes: outcome.bytes, trainMs: trip.trainMs })
  live.dispatch({ type: 'accepted', deviceId, at })
}

/** Updates that are in memory, in canonical order. */
function asRoundUpdates(updates: CohortUpdates, size: number): RoundUpdates {
  if ('reach' in updates) return updates
  const inOrder = [...updates].sort((a, b) => (a.deviceId < b.deviceId ? -1 : 1))
  const source: UpdateSource = {
    count: inOrder.length,
    size,
    async *[Symbol.asyncIterator](): AsyncGenerator<WeightedUpdate> {
      yield* inOrder
    },
  }
  return source
}
