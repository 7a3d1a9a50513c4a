import { holdoutSalt, trainedShare, type DeviceId, type Params, type VirtualClock } from '@panal/client-core'
import {
  addToTally,
  deviceSeed,
  mergeSum,
  newlyAsked,
  originOf,
  statusOf,
  type LiveRound,
  type Origin,
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
  /** What the devices of an origin train from. */
  readonly baseOf: (origin: Origin) => Promise<Params>
  /** For the plan's correction, if the server has something to say. */
  readonly servers?: Params
}

interface Planned {
  readonly deviceId: DeviceId
  /** What it works from: of this round, or of an earlier one that it goes on from. */
  readonly origin: Origin
  readonly trip: Trip
}

/**
 * Collects a round's updates as a server would over hours, on the virtual clock. When each device reports follows from its
 * profile and its load, so it is known beforehand who can count: only they are trained, as many at a time as are still
 * missing. Then everything that happened is told to the round in the order of its time.
 */
export async function collectSimulated(
  live: LiveRound,
  sent: Sent,
  deps: CollectionDeps,
  signal: AbortSignal,
): Promise<Collected> {
  const { task, clock } = deps
  const { round } = live
  const planned = round.cohort
    .filter((deviceId) => statusOf(round, deviceId) === 'asked')
    .map((deviceId) => plannedFor(deviceId, live, deps))
    // equal times: by id, so that nothing depends on how the engine sorts
    .sort((a, b) => a.trip.at - b.trip.at || (a.deviceId < b.deviceId ? -1 : 1))
    // who came back between two rounds is heard as this one opens, in that order
    .map((each): Planned => ({ ...each, trip: { ...each.trip, at: Math.max(each.trip.at, round.openedAt) } }))
  live.tally.bytesDown += newlyAsked(round).length * baseBytes(task)

  const { outcomes, updates } = await trainUntilGoal(
    planned.filter(({ trip }) => trip.end === 'reports' && trip.at <= round.deadlineAt),
    { ...sent, roundNumber: round.number, goal: round.reportingGoal },
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

/** The way of a device was drawn when it was asked. */
function plannedFor(deviceId: DeviceId, { round }: LiveRound, { task, partition, devices }: CollectionDeps): Planned {
  const { plan } = task.document
  const { epochs, maxExamples = Infinity } = plan
  const device = deviceOf(deviceId)
  const origin = originOf(round, deviceId)!
  const trip = devices.trip(device, origin.roundNumber, origin.openedAt, {
    bytesDown: baseBytes(task),
    bytesUp: task.codec.maxBytes(task.layout),
    numExamples: epochs * Math.min(maxExamples, Math.ceil(trainedShare(plan) * partition.sizeOf(device))),
  })
  return { deviceId, origin, trip }
}

interface Goal {
  readonly roundNumber: number
  /** Updates that are to count. */
  readonly goal: number
}

/** Trains devices in the order in which they report, until so many updates count or none is left. */
async function trainUntilGoal(
  reporters: readonly Planned[],
  { roundNumber, goal, baseOf, servers }: Sent & Goal,
  { task, executor, partition, onDone, corrections, personal, isTested }: CollectionDeps,
  signal: AbortSignal,
): Promise<{ readonly outcomes: ReadonlyMap<DeviceId, DeviceOutcome>; readonly updates: CohortUpdates }> {
  const outcomes = new Map<DeviceId, DeviceOutcome>()
  const personalState = (deviceId: DeviceId): PersonalState => ({
    salt: holdoutSalt(task.id, deviceId),
    isMeasured: isTested(roundNumber),
    ...(personal && { kept: personal.filesOf(deviceOf(deviceId), roundNumber) }),
  })
  const workOf = ({ deviceId, origin }: Planned): DeviceWork => {
    const staleness = roundNumber - origin.roundNumber
    return {
      deviceId,
      rows: partition.indicesOf(deviceOf(deviceId)).slice(), // a view would take all of its buffer along
      seed: deviceSeed(task, origin.roundNumber, deviceId),
      ...(corrections && { kept: corrections.filesOf(deviceOf(deviceId), origin.baseVersion) }),
      ...(task.document.plan.personalisation !== undefined && { personal: personalState(deviceId) }),
      ...(staleness > 0 && { discount: task.strategy.stalenessWeight.of(staleness) }),
    }
  }
  let updates: CohortUpdates = []
  let numAccepted = 0
  for (let from = 0; numAccepted < goal && from < reporters.length;) {
    const wave = reporters.slice(from, from + goal - numAccepted)
    from += wave.length
    for (const [{ origin }, together] of byBase(wave)) {
      const sent = { base: await baseOf(origin), ...(servers !== undefined && { servers }) }
      const work = { ...sent, round: roundNumber, devices: together.map(workOf) }
      const found = await executor.run(work, signal, onDone)
      for (const { deviceId } of together) {
        await corrections?.settle(deviceOf(deviceId), origin.baseVersion, found.kept.has(deviceId))
        await personal?.settle(deviceOf(deviceId), roundNumber, found.personal.has(deviceId))
      }
      for (const outcome of found.outcomes) outcomes.set(outcome.deviceId, outcome)
      numAccepted += found.outcomes.filter(({ verdict }) => verdict === 'accepted').length
      updates = joined(updates, found.updates)
    }
  }
  return { outcomes: inOrderOf(reporters, outcomes), updates }
}

/** Devices that train from the same weights, with one of them to say which. */
function byBase(planned: readonly Planned[]): (readonly [Planned, readonly Planned[]])[] {
  const versions = [...new Set(planned.map(({ origin }) => origin.baseVersion))]
  return versions.map((version) => {
    const together = planned.filter(({ origin }) => origin.baseVersion === version)
    return [together[0]!, together] as const
  })
}

function inOrderOf(
  reporters: readonly Planned[],
  outcomes: ReadonlyMap<DeviceId, DeviceOutcome>,
): Map<DeviceId, DeviceOutcome> {
  const trained = reporters.flatMap(({ deviceId }) => outcomes.get(deviceId) ?? [])
  return new Map(trained.map((outcome) => [outcome.deviceId, outcome]))
}

function joined(earlier: CohortUpdates, later: CohortUpdates): CohortUpdates {
  if ('reach' in earlier && 'reach' in later) {
    mergeSum(earlier, later)
    return earlier
  }
  return 'reach' in earlier || 'reach' in later ? later : [...earlier, ...later]
}

/** Who is lost is done with what it was asked for: a device that comes back here is free to be asked again. */
function tell(live: LiveRound, deviceId: DeviceId, trip: Trip, outcome: DeviceOutcome | undefined): void {
  const { at } = trip
  if (trip.end === 'lost' || outcome === undefined) return void live.dispatch({ type: 'declined', deviceId, at })
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
