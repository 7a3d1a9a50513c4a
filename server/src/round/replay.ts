import { PanalError, type DeviceId } from '@panal/client-core'
import type { Registry } from '../registry/registry.ts'
import type { Task } from '../registry/task.ts'
import { dataDigest } from '../registry/updates.ts'
import { sha256Of } from '../store/blob-files.ts'
import { paramsToBytes } from '../store/params-bytes.ts'
import { AggregationError } from '../strategy/strategy.ts'
import { makeCandidate } from './candidate.ts'
import type { UpdateLog } from './ports.ts'
import type { Spool } from './spool.ts'
import type { Round } from './state.ts'
import { countedUpdates, readUpdate, spooledUpdates } from './update-source.ts'

/** One digest that the version has, beside the one that the replay comes to; null where there is no optimizer state. */
export interface Comparison {
  readonly what: 'updates' | 'weights' | 'optimizer'
  readonly recorded: string | null
  readonly replayed: string | null
}

export type Replay =
  | { readonly verdict: 'same' | 'different'; readonly version: number; readonly comparisons: readonly Comparison[] }
  /** Updates of these devices are gone (no longer kept) or damaged: there is nothing to fold. */
  | { readonly verdict: 'updates-lost'; readonly version: number | null; readonly devices: readonly DeviceId[] }
  /** The round has not come to a version: not yet, or it was abandoned. */
  | { readonly verdict: 'no-version'; readonly reason: string }

export interface ReplayPorts {
  readonly registry: Registry
  readonly log: UpdateLog
  readonly spool: Spool
}

/**
 * Folds the kept updates of a round once more, by the code that a live round runs, and compares the digests with those
 * of the version that the round made [R19]. Reads only. @throws PanalError 'unknown-round'
 */
export async function replayRound(task: Task, roundNumber: number, ports: ReplayPorts): Promise<Replay> {
  const round = ports.registry.round(task.id, roundNumber)
  if (round === undefined) throw new PanalError('unknown-round', `the task has no round ${roundNumber}`)
  if (round.phase === 'collecting') return { verdict: 'no-version', reason: 'the round is still collecting' }
  const version = round.phase === 'aggregating' ? null : (round.candidateVersion ?? null)
  const devices = await lostUpdates(task, round, ports)
  if (devices.length > 0) return { verdict: 'updates-lost', version, devices }
  if (version === null) return { verdict: 'no-version', reason: reasonOf(round) }

  const made = ports.registry.version(task.id, version)
  const { params, optimizerState } = await makeCandidate(task, round, {
    registry: ports.registry,
    // the live round has held them: whoever replays it has no server to spare memory for
    updates: spooledUpdates(task, { ...ports, maxHeldBytes: Infinity }),
  })
  const comparisons: Comparison[] = [
    { what: 'updates', recorded: made.dataDigest, replayed: dataDigest(countedUpdates(ports.log, round)) },
    { what: 'weights', recorded: made.weightsSha256, replayed: sha256Of(paramsToBytes(params)) },
    {
      what: 'optimizer',
      recorded: made.optimizerSha256,
      replayed: optimizerState.length === 0 ? null : sha256Of(paramsToBytes(optimizerState)),
    },
  ]
  const isSame = comparisons.every(({ recorded, replayed }) => recorded === replayed)
  return { verdict: isSame ? 'same' : 'different', version, comparisons }
}

const reasonOf = (round: Round): string => (round.phase === 'closed' ? round.reason : `the round is ${round.phase}`)

/** Participants whose update has no row, no file, or other bytes than its receipt says. */
async function lostUpdates(
  task: Task,
  { participants, taskId, number }: Exclude<Round, { phase: 'collecting' }>,
  { log, spool }: ReplayPorts,
): Promise<DeviceId[]> {
  const scratch = Buffer.allocUnsafeSlow(task.codec.maxBytes(task.layout))
  const lost: DeviceId[] = []
  for (const deviceId of participants)
    try {
      const [row] = countedUpdates(log, { taskId, number, participants: [deviceId] })
      if (row !== undefined) await readUpdate(spool.update(row), row.sha256, scratch)
    } catch (error) {
      if (!(error instanceof AggregationError)) throw error
      lost.push(deviceId)
    }
  return lost
}
