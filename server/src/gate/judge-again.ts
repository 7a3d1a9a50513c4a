import { PanalError, type Clock, type EpochMs, type ErrorCode, type Promoted } from '@panal/client-core'
import type { MoveRequests } from '../approval/move-requests.ts'
import type { Identity } from '../auth/identity.ts'
import { gateSubject } from '../registry/gate-subject.ts'
import type { Registry } from '../registry/registry.ts'
import type { TaskStore } from '../registry/task-store.ts'
import type { Gate } from './contract.ts'

export interface JudgeAgainDeps {
  readonly registry: Registry
  readonly tasks: Pick<TaskStore, 'get'>
  readonly gate: Gate
  readonly clock: Clock
  /** Given under the two-person rule: what the gate would promote then waits for a second person. */
  readonly moveRequests?: Pick<MoveRequests, 'ask'>
  readonly onPromoted: (promoted: Promoted) => void
  /** It failed by no rule of ours; people are told no more than that. */
  readonly onError: (error: unknown, taskId: string) => void
}

/** One version that is being judged again, or could not be. In memory: a stop of the server leaves nothing of it. */
export interface Judging {
  readonly taskId: string
  readonly version: number
  readonly askedBy: string
  readonly startedAt: EpochMs
  /** The check that is made now; null before the first and after the last. */
  readonly check: string | null
  readonly numDone: number
  /** 0 before the first. */
  readonly numChecks: number
  /** Why nothing came of it. */
  readonly failure?: { readonly code: ErrorCode; readonly detail: string }
}

/**
 * Judges versions that the gate held once more: by the task's sets of now, against champion and anchor of now. One at a
 * time of each task; what comes of it is a judgement like a round's.
 */
export class JudgeAgain {
  readonly #deps: JudgeAgainDeps
  readonly #stopping = new AbortController()
  /** By task: the one at work, or the last if it failed. */
  readonly #judging = new Map<string, Judging>()
  readonly #running = new Set<Promise<void>>()

  constructor(deps: JudgeAgainDeps) {
    this.#deps = deps
  }

  /**
   * Begins, and returns at once. Asked for again meanwhile, it is the same one.
   * @throws PanalError 'unknown-task' | 'unknown-version' | 'not-held' | 'being-judged' (another one) | 'draining'
   */
  start(taskId: string, version: number, by: Identity): Judging {
    const { tasks, registry, clock } = this.#deps
    if (this.#stopping.signal.aborted) throw new PanalError('draining', undefined, { retryAfterMs: 5_000 })
    tasks.get(taskId)
    registry.requireHeld(taskId, version)
    const other = this.#judging.get(taskId)
    if (other !== undefined && other.failure === undefined) {
      if (other.version === version) return other
      throw new PanalError('being-judged', `version ${other.version} is being judged again; wait until that is over`)
    }
    const judging = { taskId, version, askedBy: by.name, startedAt: clock.now(), check: null, numDone: 0, numChecks: 0 }
    this.#judging.set(taskId, judging)
    const work = this.#judge(judging, by).finally(() => this.#running.delete(work))
    this.#running.add(work)
    return judging
  }

  /** Of this version: how far it is, or why the last try failed. Null once it has its judgement, or none was asked for. */
  current(taskId: string, version: number): Judging | null {
    const judging = this.#judging.get(taskId)
    return judging?.version === version ? judging : null
  }

  /** What is at work leaves nothing behind. Nothing begins any more. */
  async stop(): Promise<void> {
    this.#stopping.abort(new PanalError('draining'))
    await Promise.all(this.#running)
  }

  /** Never rejects. */
  async #judge(judging: Judging, by: Identity): Promise<void> {
    const { taskId, version } = judging
    const { tasks, registry, gate } = this.#deps
    try {
      const task = tasks.get(taskId)
      const subject = gateSubject(task, version, registry)
      const report = await gate.judge(subject, this.#stopping.signal, (check, numDone, numChecks) =>
        this.#judging.set(taskId, { ...judging, check, numDone, numChecks }),
      )
      const { outcome, reason } = await registry.judgedAgain(report, task, {
        actor: by.name,
        ...this.#asking(judging, by),
      })
      this.#judging.delete(taskId)
      // Promoted only where the report compared with the champion of that moment.
      if (outcome === 'promoted')
        this.#deps.onPromoted({ taskId, champion: version, previous: report.champion, reason })
    } catch (error) {
      this.#failed(judging, error)
    }
  }

  #asking({ taskId, version }: Judging, by: Identity) {
    const { moveRequests } = this.#deps
    if (moveRequests === undefined) return {}
    return {
      ask: (reason: string) =>
        void moveRequests.ask({ taskId, move: 'promote', version, reason: `judged again: ${reason}` }, by),
    }
  }

  #failed(judging: Judging, error: unknown): void {
    const isExpected = error instanceof PanalError
    if (!isExpected) this.#deps.onError(error, judging.taskId)
    const failure = isExpected
      ? { code: error.code, detail: error.message }
      : { code: 'internal' as const, detail: 'the server failed; nothing was written' }
    this.#judging.set(judging.taskId, { ...judging, failure })
  }
}
