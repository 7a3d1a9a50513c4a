import type { DeviceId, EpochMs } from '@panal/client-core'
import type { TaskDocument } from '../registry/task-document.ts'
import type { UpdateRecord } from './ports.ts'
import { indexIn, statusOf, type Carried, type Origin, type Round, type RoundPlan } from './state.ts'

/** What a task's document says of how long a device may work. */
export type Terms = Pick<TaskDocument, 'cohort' | 'rounds'>

/** What a device of the cohort works from; undefined of a device outside it. Time O(log cohort) for each earlier round. */
export function originOf(round: RoundPlan, deviceId: DeviceId): Origin | undefined {
  const earlier = round.carried?.find(({ deviceIds }) => indexIn(deviceIds, deviceId) >= 0)
  if (earlier !== undefined) return earlier
  return indexIn(round.cohort, deviceId) < 0 ? undefined : ownOrigin(round)
}

/** What the devices that were asked in this very round work from. */
export const ownOrigin = ({ number, baseVersion, baseSha256, openedAt }: RoundPlan): Origin => ({
  roundNumber: number,
  baseVersion,
  baseSha256,
  openedAt,
})

/** The devices of a cohort that were asked in this very round. */
export function newlyAsked({ cohort, carried = [] }: Pick<RoundPlan, 'cohort' | 'carried'>): readonly DeviceId[] {
  if (carried.length === 0) return cohort
  const before = new Set(carried.flatMap(({ deviceIds }) => deviceIds))
  return cohort.filter((deviceId) => !before.has(deviceId))
}

/**
 * When an update of that origin can count no longer: a deadline after its round opened, and for each later round that would
 * take it another one, the task's pause before it, and as long as a deadline for what the server does in between.
 */
export const lastChance = ({ openedAt }: Pick<Origin, 'openedAt'>, { cohort, rounds }: Terms): EpochMs => {
  const { deadlineMs, maxStaleness = 0 } = cohort
  return openedAt + deadlineMs + maxStaleness * (2 * deadlineMs + rounds.minIntervalMs)
}

/** Whether it may count in a round of that number that opens then, and until the very deadline of that round. */
const mayCountIn = (origin: Origin, { number, openedAt }: Pick<RoundPlan, 'number' | 'openedAt'>, terms: Terms) => {
  const { maxStaleness = 0, deadlineMs } = terms.cohort
  return (
    number - origin.roundNumber <= maxStaleness &&
    number <= (terms.rounds.max ?? Infinity) &&
    openedAt + deadlineMs <= lastChance(origin, terms)
  )
}

/**
 * What a device is held to: the assignment that the round waits for, or between two rounds the one that the next round
 * will wait for. Null when the device is free.
 */
export function heldTo(round: Round, deviceId: DeviceId, terms: Terms, now: EpochMs): Origin | null {
  const status = statusOf(round, deviceId)
  if (status !== 'asked' && status !== 'dropped') return null
  const origin = originOf(round, deviceId)!
  if (round.phase === 'collecting') return status === 'asked' ? origin : null
  return mayCountIn(origin, { number: round.number + 1, openedAt: now }, terms) ? origin : null
}

/**
 * Where a device that may go on stands now: at work; gone, so that nobody waits for it unless it comes back; or released,
 * as free as any other, for it gave its assignment back or was put in quarantine.
 */
export type Standing = 'working' | 'gone' | 'released'

/** Who goes on from one round into the next. */
export interface CarriedOver {
  readonly carried: readonly Carried[]
  /** Those of them that are gone: nobody waits for them unless they come back. */
  readonly dropped: readonly DeviceId[]
  readonly numWorking: number
}

export const nobody: CarriedOver = { carried: [], dropped: [], numWorking: 0 }

/** As the round itself has left them. */
const leftIn =
  (last: Round) =>
  (deviceId: DeviceId): Standing =>
    statusOf(last, deviceId) === 'dropped' ? 'gone' : 'working'

const unreported = new WeakMap<Round, readonly Carried[]>()

/** Whoever had not reported when a round closed. Kept beside the round, for it is asked whenever a device comes. */
function unreportedIn(last: Round): readonly Carried[] {
  const known = unreported.get(last)
  if (known !== undefined) return known
  const groups = [...(last.carried ?? []), { ...ownOrigin(last), deviceIds: newlyAsked(last) }].map((group) => ({
    ...group,
    deviceIds: group.deviceIds.filter((deviceId) => ['asked', 'dropped'].includes(statusOf(last, deviceId)!)),
  }))
  unreported.set(last, groups)
  return groups
}

/** Those of them who may count in the round that opens next. */
const mayGoOn = (last: Round, openedAt: EpochMs, terms: Terms): readonly Carried[] =>
  unreportedIn(last).filter((group) => mayCountIn(group, { number: last.number + 1, openedAt }, terms))

/**
 * Whoever had not reported when the last round closed, may still count in the next, and was not released since.
 * @param standing of such a device now; left out, it is as the last round has left it
 */
export function carriedOver(last: Round, openedAt: EpochMs, terms: Terms, standing = leftIn(last)): CarriedOver {
  const dropped: DeviceId[] = []
  const carried = mayGoOn(last, openedAt, terms).flatMap((group): Carried[] => {
    const deviceIds = group.deviceIds.filter((deviceId) => {
      const now = standing(deviceId)
      if (now === 'gone') dropped.push(deviceId)
      return now !== 'released'
    })
    return deviceIds.length === 0 ? [] : [{ ...group, deviceIds }]
  })
  const numCarried = carried.reduce((sum, { deviceIds }) => sum + deviceIds.length, 0)
  return { carried, dropped, numWorking: numCarried - dropped.length }
}

/** Who may be asked now, and how those stand that were asked before; see `carriedOver`. */
export interface Present {
  readonly numAvailable: number
  readonly isAvailable: (deviceId: DeviceId) => boolean
  readonly standing?: (deviceId: DeviceId) => Standing
}

/**
 * Devices that `carriedOver` finds at work, and those of the available ones that may be asked beside them. Asked whenever
 * a device comes: time O(devices that had not reported), whatever the number of members.
 */
export function numForNext(last: Round, openedAt: EpochMs, terms: Terms, present: Present): number {
  const { numAvailable, isAvailable, standing = leftIn(last) } = present
  let found = numAvailable
  for (const { deviceIds } of mayGoOn(last, openedAt, terms))
    for (const deviceId of deviceIds) {
      const now = standing(deviceId)
      if (now === 'working' && !isAvailable(deviceId)) found += 1
      if (now === 'gone' && isAvailable(deviceId)) found -= 1
    }
  return found
}

/** An update, as a round has heard of it: if its device was asked in another, that is to be said. */
export const heardIn = ({ number }: RoundPlan, record: UpdateRecord): UpdateRecord =>
  record.roundNumber === number ? record : { ...record, countedRound: number }
