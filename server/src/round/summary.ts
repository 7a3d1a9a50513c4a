import type { Aggregation, EpochMs, Metrics, RoundSummary } from '@panal/client-core'
import type { Registry } from '../registry/registry.ts'
import type { UpdateLog, UpdateRecord } from './ports.ts'
import { countStatus, indexIn, type Round } from './state.ts'

/** What a round adds up while it runs, beside its state. */
export interface Tally {
  bytesDown: number
  bytesUp: number
  /** Sum and number of the training times that devices reported, ms. */
  trainMsSum: number
  numTrainMs: number
  /** The candidate on the evaluation set, once judged. */
  metrics: Metrics | null
  /** What the updates were aggregated with, once they are. */
  aggregation: Aggregation | null
}

export const emptyTally = (): Tally => ({
  bytesDown: 0,
  bytesUp: 0,
  trainMsSum: 0,
  numTrainMs: 0,
  metrics: null,
  aggregation: null,
})

/** Counts one accepted update in. */
export function addUpdate(tally: Tally, { bytes, trainMs }: Pick<UpdateRecord, 'bytes' | 'trainMs'>): void {
  tally.bytesUp += bytes
  if (trainMs === undefined) return
  tally.trainMsSum += trainMs
  tally.numTrainMs += 1
}

/** What an interrupted round had added up; nothing for a new one. */
export function tallyOf(
  { taskId, number }: Round,
  { registry, log }: { readonly registry: Pick<Registry, 'roundSummary'>; readonly log: Pick<UpdateLog, 'updatesOf'> },
): Tally {
  const { bytesDown = 0, aggregation = null } = registry.roundSummary(taskId, number) ?? {}
  const tally = { ...emptyTally(), bytesDown, aggregation }
  for (const update of log.updatesOf(taskId, number)) if (update.verdict === 'accepted') addUpdate(tally, update)
  return tally
}

/** A round as everybody may see it. `numLate`: asked, and not heard of when collection ended. */
export function summarise(round: Round, tally: Tally): RoundSummary {
  const collectedAt = round.phase === 'collecting' ? undefined : round.collectedAt
  const aggregatedAt = round.phase === 'gating' || round.phase === 'closed' ? round.aggregatedAt : undefined
  const candidateVersion = round.phase === 'gating' || round.phase === 'closed' ? round.candidateVersion : undefined
  return {
    taskId: round.taskId,
    number: round.number,
    phase: round.phase,
    baseVersion: round.baseVersion,
    openedAt: round.openedAt,
    deadlineAt: round.deadlineAt,
    numInvited: round.cohort.length,
    numAccepted: countStatus(round, 'accepted'),
    numRejected: countStatus(round, 'rejected'),
    numDropped: countStatus(round, 'dropped') + countStatus(round, 'declined'),
    numLate: round.phase === 'collecting' ? 0 : countStatus(round, 'asked'),
    ...carriedFigures(round),
    reportingGoal: round.reportingGoal,
    bytesDown: tally.bytesDown,
    bytesUp: tally.bytesUp,
    ...(round.phase === 'closed' && { outcome: round.outcome, reason: round.reason, closedAt: round.closedAt }),
    ...(candidateVersion !== undefined && { candidateVersion }),
    ...(tally.numTrainMs > 0 && { trainMs: tally.trainMsSum / tally.numTrainMs }),
    ...(collectedAt !== undefined && { collectMs: between(round.openedAt, collectedAt) }),
    ...(collectedAt !== undefined && aggregatedAt !== undefined && { aggregateMs: between(collectedAt, aggregatedAt) }),
    ...(aggregatedAt !== undefined && round.phase === 'closed' && { gateMs: between(aggregatedAt, round.closedAt) }),
    ...(tally.aggregation && { aggregation: tally.aggregation }),
    ...(tally.metrics && { accuracy: tally.metrics.accuracy, logLoss: tally.metrics.logLoss }),
  }
}

/** What a device is told of it: one of an older make would drop a summary with a word that it does not know [P13]. */
export function toldToDevices(summary: RoundSummary): RoundSummary {
  const told = { ...summary }
  delete told.judging
  delete told.aggregation
  return told
}

/** Nothing of a round that carries nobody. */
export function carriedFigures(round: Round): Pick<RoundSummary, 'numCarried' | 'meanStaleness'> {
  const { carried = [], number } = round
  if (carried.length === 0) return {}
  const numCarried = carried.reduce((sum, { deviceIds }) => sum + deviceIds.length, 0)
  if (round.phase === 'collecting' || round.participants.length === 0) return { numCarried }
  const { participants } = round
  const total = carried.reduce((sum, { roundNumber, deviceIds }) => {
    const counted = deviceIds.filter((deviceId) => indexIn(participants, deviceId) >= 0)
    return sum + counted.length * (number - roundNumber)
  }, 0)
  return { numCarried, meanStaleness: total / participants.length }
}

/** Never below 0: the server's clock may be set back in between, and a device refuses a summary with negative times. */
const between = (from: EpochMs, to: EpochMs): number => Math.max(0, to - from)
