import { PanalError, type DeviceId, type Params } from '@panal/client-core'
import type { Task } from '../registry/task.ts'
import { AggregationError } from '../strategy/strategy.ts'
import { compareVectors, type Compared } from './likeness.ts'
import { foldedAgain, lostUpdates, type ReplayPorts } from './replay.ts'
import type { MadeCandidate } from './candidate.ts'

/** What a round would have come to without some of its devices, beside what it came to. */
export type ReplayWithout =
  | {
      readonly verdict: 'replayed'
      /** The version that the round made, if it made one. */
      readonly version: number | null
      readonly without: readonly DeviceId[]
      readonly participants: readonly DeviceId[]
      /** The step from the base without them, and the step that was recorded; null where the round made no version. */
      readonly steps: Compared | null
      readonly candidate: MadeCandidate
    }
  /** Why there is nothing to compare. */
  | {
      readonly verdict:
        'not-closed' | 'not-participants' | 'updates-lost' | 'root-lost' | 'too-few' | 'not-aggregated' | 'no-engine'
      readonly reason: string
      readonly devices?: readonly DeviceId[]
    }

/**
 * Folds the kept updates of a round once more, but for those of some devices, on the engine of its record. Reads only. Never
 * of fewer devices than the task averages at least: that is what all of them were promised [P26].
 * @throws PanalError 'unknown-round'
 */
export async function replayWithout(
  task: Task,
  roundNumber: number,
  without: readonly DeviceId[],
  ports: ReplayPorts,
): Promise<ReplayWithout> {
  const round = ports.registry.round(task.id, roundNumber)
  if (round === undefined) throw new PanalError('unknown-round', `the task has no round ${roundNumber}`)
  if (round.phase !== 'closed') return { verdict: 'not-closed', reason: `the round is still ${round.phase}` }
  const strangers = without.filter((deviceId) => !round.participants.includes(deviceId))
  if (strangers.length > 0)
    return { verdict: 'not-participants', reason: 'these devices have no part in the round', devices: strangers }
  const participants = round.participants.filter((deviceId) => !without.includes(deviceId))
  const { minimum } = task.document.cohort
  if (participants.length < minimum)
    return {
      verdict: 'too-few',
      reason: `${participants.length} updates are left; the task averages ${minimum} at least`,
    }
  const left = { ...round, participants }
  const devices = await lostUpdates(task, left, ports)
  if (devices.length > 0) return { verdict: 'updates-lost', reason: goneReason, devices }
  try {
    const again = await foldedAgain(task, left, ports)
    if ('reason' in again) return again
    const version = round.candidateVersion ?? null
    const steps = version === null ? null : await compareSteps(again.candidate.params, version, round.baseVersion)
    return { verdict: 'replayed', version, without, participants, steps, candidate: again.candidate }
  } catch (error) {
    if (!(error instanceof AggregationError)) throw error
    return { verdict: error.code === 'too-few' ? 'too-few' : 'not-aggregated', reason: error.message }
  }

  async function compareSteps(params: Params, version: number, baseVersion: number): Promise<Compared> {
    const base = await ports.registry.params(task.id, baseVersion)
    const recorded = await ports.registry.params(task.id, version)
    return compareVectors(difference(params, base), difference(recorded, base))
  }
}

const goneReason =
  'updates of the others are gone or damaged. Only the newest rounds are kept (--kept-rounds, 1 by default): pause the task before its next round closes, or keep more'

const difference = (x: Params, y: Params): Params => x.map((value, i) => value - y[i]!)
