import type { DeviceId, ErrorCode, EpochMs, RoundOutcome } from '@panal/client-core'
import { allAsked, moved, statusAt, type CohortStatuses, type DeviceStatus } from './cohort-statuses.ts'

/** What a device works from, and since when: fixed when it was asked. */
export interface Origin {
  readonly roundNumber: number
  readonly baseVersion: number
  readonly baseSha256: string
  /** When that round opened. */
  readonly openedAt: EpochMs
}

/** Devices that were asked together in an earlier round and are at work since then. */
export interface Carried extends Origin {
  /** Sorted. */
  readonly deviceIds: readonly DeviceId[]
}

/** What is fixed when a round opens. */
export interface RoundPlan {
  readonly taskId: string
  readonly number: number
  readonly baseVersion: number
  readonly baseSha256: string
  readonly planHash: string
  /** Accepted updates that close collection; never more than the cohort has devices. */
  readonly reportingGoal: number
  /** Fewest accepted updates worth aggregating. */
  readonly minimum: number
  readonly openedAt: EpochMs
  readonly deadlineAt: EpochMs
  /** Sorted, so that nothing depends on the order of arrival. */
  readonly cohort: readonly DeviceId[]
  /** Those of the cohort that were asked in an earlier round, the oldest first; absent: none. */
  readonly carried?: readonly Carried[]
}

interface Collected extends RoundPlan {
  readonly statuses: CohortStatuses
  readonly collectedAt: EpochMs
  /** The devices whose updates count: sorted, final. */
  readonly participants: readonly DeviceId[]
}

/** A round is data: a field exists only in the phases where it means something. */
export type CollectingRound = RoundPlan & {
  readonly phase: 'collecting'
  readonly statuses: CohortStatuses
}
export type AggregatingRound = Collected & { readonly phase: 'aggregating' }
export type GatingRound = Collected & {
  readonly phase: 'gating'
  readonly candidateVersion: number
  readonly aggregatedAt: EpochMs
}
export type ClosedRound = RoundPlan & {
  readonly phase: 'closed'
  readonly statuses: CohortStatuses
  readonly outcome: RoundOutcome
  readonly reason: string
  readonly closedAt: EpochMs
  readonly participants: readonly DeviceId[]
  readonly collectedAt?: EpochMs
  readonly aggregatedAt?: EpochMs
  readonly candidateVersion?: number
}
export type Round = CollectingRound | AggregatingRound | GatingRound | ClosedRound

export type RoundEvent =
  | { readonly type: 'accepted'; readonly deviceId: DeviceId; readonly at: EpochMs }
  | { readonly type: 'rejected'; readonly deviceId: DeviceId; readonly code: ErrorCode; readonly at: EpochMs }
  | { readonly type: 'dropped'; readonly deviceId: DeviceId; readonly at: EpochMs }
  | { readonly type: 'declined'; readonly deviceId: DeviceId; readonly at: EpochMs }
  | { readonly type: 'returned'; readonly deviceId: DeviceId; readonly at: EpochMs }
  | { readonly type: 'deadline'; readonly at: EpochMs }
  | { readonly type: 'aggregated'; readonly candidateVersion: number; readonly at: EpochMs }
  | {
      readonly type: 'gated'
      readonly outcome: Exclude<RoundOutcome, 'abandoned'>
      readonly reason: string
      readonly at: EpochMs
    }
  | { readonly type: 'abandoned'; readonly reason: string; readonly at: EpochMs }

export const countStatus = (round: Round, status: DeviceStatus): number => round.statuses.counts[status]

/** Undefined of a device outside the cohort. Time O(log cohort). */
export const statusOf = (round: Round, deviceId: DeviceId): DeviceStatus | undefined =>
  statusAt(round.statuses, indexIn(round.cohort, deviceId))

export const openRound = (plan: RoundPlan): CollectingRound => ({
  ...plan,
  phase: 'collecting',
  statuses: allAsked(plan.cohort.length),
})

/** Which statuses an event may change a device from, and to what. Anything else changes nothing. */
const transitions = {
  accepted: { from: ['asked', 'dropped'], to: 'accepted' },
  rejected: { from: ['asked', 'dropped'], to: 'rejected' },
  dropped: { from: ['asked'], to: 'dropped' },
  declined: { from: ['asked', 'dropped'], to: 'declined' },
  returned: { from: ['dropped'], to: 'asked' },
} as const satisfies Record<string, { from: readonly DeviceStatus[]; to: DeviceStatus }>

/**
 * The round's whole state machine, pure: [R2]–[R7] of SPEC.md. An event that means nothing in the round's phase
 * returns the same object, so a repeated or late event is harmless and `closed` is never left.
 */
export function advance(round: Round, event: RoundEvent): Round {
  if (round.phase === 'closed') return round
  if (event.type === 'abandoned') return close(round, 'abandoned', event.reason, event.at)
  switch (round.phase) {
    case 'collecting':
      return event.type === 'aggregated' || event.type === 'gated' ? round : collect(round, event)
    case 'aggregating':
      return event.type === 'aggregated'
        ? { ...round, phase: 'gating', candidateVersion: event.candidateVersion, aggregatedAt: event.at }
        : round
    case 'gating':
      return event.type === 'gated' ? close(round, event.outcome, event.reason, event.at) : round
  }
}

function collect(
  round: CollectingRound,
  event: Extract<RoundEvent, { type: keyof typeof transitions | 'deadline' }>,
): Round {
  if (event.type === 'deadline') return event.at < round.deadlineAt ? round : settle(round, event.at)
  const { from, to } = transitions[event.type]
  const index = indexIn(round.cohort, event.deviceId)
  const status = statusAt(round.statuses, index)
  if (status === undefined || !(from as readonly DeviceStatus[]).includes(status)) return round
  const next: CollectingRound = { ...round, statuses: moved(round.statuses, index, status, to) }
  const goalReached = countStatus(next, 'accepted') >= round.reportingGoal
  const nobodyLeft = countStatus(next, 'asked') === 0
  return goalReached || nobodyLeft ? settle(next, event.at) : next
}

/** Collection is over: aggregate what there is, or abandon what is too little. */
function settle(round: CollectingRound, at: EpochMs): Round {
  const participants = round.cohort.filter((_, index) => statusAt(round.statuses, index) === 'accepted')
  if (participants.length < round.minimum)
    return close(round, 'abandoned', `${participants.length} accepted updates; the task needs ${round.minimum}`, at)
  return { ...round, phase: 'aggregating', participants, collectedAt: at }
}

function close(
  round: Exclude<Round, ClosedRound>,
  outcome: RoundOutcome,
  reason: string,
  closedAt: EpochMs,
): ClosedRound {
  const participants = round.phase === 'collecting' ? [] : round.participants
  return { ...round, phase: 'closed', outcome, reason, closedAt, participants }
}

/** Where a device stands in a sorted cohort; −1 if it does not. */
export function indexIn(cohort: readonly DeviceId[], deviceId: DeviceId): number {
  let [low, high] = [0, cohort.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (cohort[middle]! < deviceId) low = middle + 1
    else high = middle
  }
  return cohort[low] === deviceId ? low : -1
}
