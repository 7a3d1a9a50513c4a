import type { OwnMetrics } from '@panal/client-core'
import { carriedFigures, newlyAsked } from '@panal/server'
import type { DeviceOutcome } from '../executor/executor.ts'
import type { DeviceDeciles, PersonalRecord, RoundRecord } from '../results/run-record.ts'
import type { CompleteExperiment } from './complete.ts'
import { startAt, type SimulatedRound } from './simulation.ts'

/** One line of `rounds.jsonl`. */
export interface RoundRow extends RoundRecord {
  readonly outcome: string
  /** Why nothing came of it. */
  readonly reason?: string
  readonly numInvited: number
  /** Of those: asked in an earlier round, and at work since then. Absent: none. */
  readonly numCarried?: number
  /** Of the updates that count, in rounds. */
  readonly meanStaleness?: number
  readonly numRejected: number
  readonly numDropped: number
  /** Asked, and not heard of when collection ended. Absent where those go on into the next round: they are on time. */
  readonly numLate?: number
}

export function roundRow(
  { closed, ...round }: SimulatedRound,
  wallMs: number,
  { maxStaleness = 0 }: CompleteExperiment['cohort'],
): RoundRow {
  const { counts } = closed.statuses
  const accepted = round.outcomes.filter(({ verdict }) => verdict === 'accepted')
  const deciles = decilesOf(accepted)
  const personal = personalOf(accepted)
  return {
    round: closed.number,
    simulatedMs: closed.closedAt - startAt,
    wallMs,
    bytesUp: round.bytesUp,
    bytesDown: round.bytesDown,
    numUpdates: closed.participants.length,
    trainLoss: meanLoss(accepted),
    ...(round.metrics !== null && finiteOf({ loss: round.metrics.logLoss, accuracy: round.metrics.accuracy })),
    ...(deciles.length > 0 && { deciles }),
    ...(personal !== undefined && { personal }),
    phases: round.phases,
    outcome: closed.outcome,
    ...(closed.outcome !== 'promoted' && { reason: closed.reason }),
    numInvited: closed.cohort.length,
    numAsked: newlyAsked(closed).length,
    ...carriedFigures(closed),
    numRejected: counts.rejected,
    numDropped: counts.dropped + counts.declined,
    ...(maxStaleness === 0 && { numLate: counts.asked }),
  }
}

/**
 * Those that are finite: JSON has no others, and a run that goes on from its lines is to find in them what it had. Weights may
 * be finite and their loss not, where training has diverged.
 */
const finiteOf = <Name extends string>(values: Readonly<Record<Name, number>>) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => Number.isFinite(value))) as Partial<
    Record<Name, number>
  >

/** Over the last epoch, by examples. Null where nobody trained, or training has diverged. */
function meanLoss(outcomes: readonly DeviceOutcome[]): number | null {
  const numExamples = outcomes.reduce((sum, each) => sum + each.numExamples, 0)
  const mean = outcomes.reduce((sum, each) => sum + each.lossAfter * each.numExamples, 0) / numExamples
  return Number.isFinite(mean) ? mean : null
}

function decilesOf(outcomes: readonly DeviceOutcome[]): DeviceDeciles[] {
  if (outcomes.length === 0) return []
  const of = (metric: string, value: (outcome: DeviceOutcome) => number): DeviceDeciles => ({
    metric,
    values: deciles(outcomes.map(value)),
  })
  return [
    of('loss', ({ lossAfter }) => lossAfter),
    of('examples', ({ numExamples }) => numExamples),
    of('norm', ({ norm }) => norm),
    ...ownDeciles(outcomes),
  ].filter(({ values }) => values.every(Number.isFinite))
}

const measured = (outcomes: readonly DeviceOutcome[]): OwnMetrics[] =>
  outcomes.flatMap(({ ownMetrics }) => (ownMetrics === undefined ? [] : [ownMetrics]))

/** On what the devices hold out; of those that hold anything out. */
function ownDeciles(outcomes: readonly DeviceOutcome[]): DeviceDeciles[] {
  const found = measured(outcomes)
  if (found.length === 0) return []
  const of = (metric: string, value: (own: OwnMetrics) => number): DeviceDeciles => ({
    metric,
    values: deciles(found.map(value)),
  })
  return [
    of('shared model accuracy', ({ shared }) => shared.accuracy),
    of('own model accuracy', ({ personal }) => personal.accuracy),
    of('accuracy gained', ({ shared, personal }) => personal.accuracy - shared.accuracy),
  ]
}

function personalOf(outcomes: readonly DeviceOutcome[]): PersonalRecord | undefined {
  const found = measured(outcomes)
  if (found.length === 0) return undefined
  const mean = (value: (own: OwnMetrics) => number): number =>
    found.reduce((sum, own) => sum + value(own), 0) / found.length
  return {
    numDevices: found.length,
    sharedAccuracy: mean(({ shared }) => shared.accuracy),
    personalAccuracy: mean(({ personal }) => personal.accuracy),
    ...finiteOf({
      sharedLoss: mean(({ shared }) => shared.logLoss),
      personalLoss: mean(({ personal }) => personal.logLoss),
    }),
  }
}

/** Least, nine deciles, greatest, each between its two nearest values (type 7 of Hyndman and Fan 1996). */
export function deciles(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b)
  return Array.from({ length: 11 }, (_, tenth) => {
    const at = ((sorted.length - 1) * tenth) / 10
    const below = sorted[Math.floor(at)]!
    const above = sorted[Math.ceil(at)]!
    return below + (above - below) * (at - Math.floor(at))
  })
}

/** What is the same on processors of the same kind and for any number of workers. */
type Column = readonly [name: string, value: (row: RoundRow) => string | number | null | undefined]

const columns: readonly Column[] = [
  ['round', ({ round }) => round],
  ['outcome', ({ outcome }) => outcome],
  ['simulatedMs', ({ simulatedMs }) => simulatedMs],
  ['numInvited', ({ numInvited }) => numInvited],
  ['numAsked', ({ numAsked }) => numAsked],
  ['meanStaleness', ({ meanStaleness }) => meanStaleness],
  ['numUpdates', ({ numUpdates }) => numUpdates],
  ['numRejected', ({ numRejected }) => numRejected],
  ['numDropped', ({ numDropped }) => numDropped],
  ['numLate', ({ numLate }) => numLate],
  ['bytesDown', ({ bytesDown }) => bytesDown],
  ['bytesUp', ({ bytesUp }) => bytesUp],
  ['trainLoss', ({ trainLoss }) => trainLoss],
  ['loss', ({ loss }) => loss],
  ['accuracy', ({ accuracy }) => accuracy],
]

/** Of a plan by which devices have models of their own. */
const personalColumns: readonly Column[] = [
  ['numMeasured', ({ personal }) => personal?.numDevices],
  ['sharedAccuracy', ({ personal }) => personal?.sharedAccuracy],
  ['personalAccuracy', ({ personal }) => personal?.personalAccuracy],
  ['sharedLoss', ({ personal }) => personal?.sharedLoss],
  ['personalLoss', ({ personal }) => personal?.personalLoss],
]

/** RFC 4180 but for its line ends; empty where there is no value. */
export function roundsCsv(rows: readonly RoundRow[]): string {
  const shown = rows.some(({ personal }) => personal !== undefined) ? [...columns, ...personalColumns] : columns
  return [
    shown.map(([name]) => name).join(','),
    ...rows.map((row) => shown.map(([, value]) => value(row) ?? '').join(',')),
    '',
  ].join('\n')
}
