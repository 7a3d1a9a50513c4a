import { PanalError, type DeviceId } from '@panal/client-core'
import type { Identity } from '../auth/identity.ts'
import type { JudgeAgain } from '../gate/judge-again.ts'
import type { TaskStore } from '../registry/task-store.ts'
import { replayWithout } from './replay-without.ts'
import type { ReplayPorts } from './replay.ts'

export interface KeepReplayDeps extends ReplayPorts {
  readonly tasks: Pick<TaskStore, 'get'>
  readonly judgeAgain: Pick<JudgeAgain, 'start'>
}

export interface ReplayOrder {
  readonly taskId: string
  readonly roundNumber: number
  readonly without: readonly DeviceId[]
  readonly reason: string
}

/** Keeps what a round would have come to as a version. */
export type KeepReplay = (order: ReplayOrder, by: Identity) => Promise<number>

/**
 * Replays a round without some devices, keeps the outcome as a version, and has the gate begin to judge it: as any version, but
 * outside a round. Returns the version's number.
 * @throws PanalError 'unknown-task' | 'unknown-round' | 'not-replayable' | 'being-judged' (the version is kept all the same)
 */
export const makeKeepReplay =
  (deps: KeepReplayDeps): KeepReplay =>
  async ({ taskId, roundNumber, without, reason }, by) => {
    const task = deps.tasks.get(taskId)
    const replay = await replayWithout(task, roundNumber, [...new Set(without)].sort(), deps)
    if (replay.verdict !== 'replayed') throw new PanalError('not-replayable', `${replay.verdict}: ${replay.reason}`)
    const round = deps.registry.round(taskId, roundNumber)
    if (round?.phase !== 'closed') throw new PanalError('not-replayable', 'the round is not closed')
    const { candidate } = replay
    const version = await deps.registry.saveReplay({
      round,
      candidate,
      without: replay.without,
      actor: by.name,
      reason,
    })
    deps.judgeAgain.start(taskId, version, by)
    return version
  }
