import type { ErrorCode } from '../protocol/errors.ts'
import type { Assignment, Conditions, Decline, HeartbeatReply, JoinReply, RoundSummary } from '../protocol/messages.ts'
import type { TaskCard } from '../protocol/task.ts'
import type { Trainer } from '../train/trainer.ts'
import { childController, type ChildController } from '../transport/abort.ts'
import type { Channel } from '../transport/channel.ts'
import { isEligible } from './eligibility.ts'
import { noteOutcome } from './ledger.ts'
import type { Left, Member } from './member.ts'
import { Membership } from './membership.ts'
import { perform } from './perform.ts'
import { PersonalTurn } from './personal-turn.ts'
import { described, isUntrusted } from './refusals.ts'
import type { Session, SessionEvent, SessionOptions, SessionState } from './session-state.ts'
import { Trust } from './trust.ts'
import { Work } from './work.ts'

/** How long an upload that a newer round overtook is listened to: if it counts, its receipt is on the way. */
const verdictMs = 10_000

/** Puts a device to work on a task for as long as both sides want. Never throws: what went wrong is in `ended`. */
export const startSession = (options: SessionOptions): Session => new DeviceSession(options)

/**
 * One device's whole life: join → wait → (assignment → download → train → upload) again and again → leave. The
 * membership keeps it joined; here is what it does with that, and everything that may interrupt it.
 */
class DeviceSession implements Session, Member {
  readonly ended: Promise<Left>
  readonly #options: SessionOptions
  readonly #life: ChildController
  readonly #membership: Membership
  readonly #trust: Trust
  readonly #tell: (event: SessionEvent) => void
  #left: Left | undefined
  #card: TaskCard | undefined
  #maxStaleness = 0 // rounds after its own in which an update may still count
  #trainer: Promise<Trainer> | undefined
  readonly #personal = new PersonalTurn((event) => {
    if (event !== undefined) this.#tell(event)
    else if (this.#work === undefined) this.#showRest(null)
  })
  #paused = false
  #work: Work | undefined
  /** Pushed right behind the answer to the first join, and here before it: sockets hand over frames in batches. */
  #early: Assignment | undefined
  /** The newest round this device is done with, whatever came of it. */
  #settledRound = 0
  /** Ends when the work last begun, and all before it, has come to rest. */
  #running: Promise<unknown> = Promise.resolve()

  constructor(options: SessionOptions) {
    const { runtime, taskId, data, signal, invitation, agreed } = options
    this.#options = options
    this.#tell = (event) => options.onEvent(event)
    this.#life = childController(signal)
    this.#trust = new Trust({ runtime, taskId, agreed })
    const membership = { runtime, taskId, trust: this.#trust, invitation, numExamples: data.numExamples }
    this.#membership = new Membership({ ...membership, signal: this.#life.signal }, this)
    this.ended = this.#live()
  }

  async #live(): Promise<Left> {
    try {
      this.#left = await this.#membership.run()
    } catch (error) {
      this.onFailure(error)
    }
    this.#life.abort()
    this.#life.release()
    await this.#running
    const trainer = await this.#trainer?.catch(() => undefined)
    trainer?.dispose()
    const left: Left = this.#left ?? { state: 'left', reason: 'asked' }
    this.#show(left)
    return left
  }

  // ── what its owner asks ───────────────────────────────────────────────────────────────────────────────────────────

  pause(): void {
    if (this.#paused || this.#life.signal.aborted) return
    this.#paused = true
    this.#personal.stop()
    if (this.#work !== undefined) this.#giveBack(this.#work, 'paused')
    else this.#rest()
  }

  resume(): void {
    if (!this.#paused || this.#life.signal.aborted) return
    this.#paused = false
    this.#rest()
  }

  async leave(): Promise<void> {
    this.#life.abort()
    await this.ended
  }

  // ── what the membership asks and tells ──────────────────────────────────────────────────────────────────────────────────────────

  listen(channel: Channel): readonly (() => void)[] {
    return [
      channel.on('assignment', (assignment) => this.#onAssignment(assignment)),
      channel.on('withdrawn', ({ roundNumber, code, retryAfterMs }) => {
        if (this.#work?.roundNumber === roundNumber) this.#abandon(this.#work, code, retryAfterMs)
      }),
      channel.on('round', (round) => this.#onRound(round)),
      channel.on('promoted', (promoted) => {
        if (promoted.taskId === this.#options.taskId) this.#tell({ type: 'promoted', promoted })
      }),
    ]
  }

  onConnecting(attempt: number): void {
    if (this.#work === undefined && !this.#paused) this.#show({ state: 'connecting', attempt })
  }

  onJoined(reply: JoinReply, roundInHand: number | undefined): void {
    const { task, pointers, round, assignment } = reply
    this.#card = task
    this.#maxStaleness = task.cohort.maxStaleness ?? 0
    if (this.#trainer === undefined) {
      this.#trainer = this.#options.makeTrainer(task)
      this.#trainer.catch((error: unknown) => this.onFailure(error))
    }
    this.#tell({ type: 'joined', task, pointers, deviceId: this.#membership.deviceId })
    // A server whose rounds are behind ours was set up anew, and counts from 1 again.
    if ((round?.number ?? 0) < this.#settledRound) this.#settledRound = 0
    if (round !== null) this.#onRound(round)
    this.#reconcile(assignment?.roundNumber ?? null, roundInHand)
    const offer = this.#early ?? assignment
    this.#early = undefined
    if (offer !== null) this.#onAssignment(offer)
    // A join counts as `waiting`: a device that is not must say so at once, or it is asked for what it will not do.
    if (this.#work !== undefined) this.#membership.heartbeat()
    else if (this.#paused) this.#rest()
    else this.#showRest(null)
  }

  onHeartbeat({ roundNumber, nextRoundInMs }: HeartbeatReply, roundInHand: number | undefined): void {
    this.#reconcile(roundNumber, roundInHand)
    if (this.#work !== undefined || this.#paused) return
    if (nextRoundInMs !== null) this.#showRest(nextRoundInMs)
    // Held to a round that it does not work on: the push was lost, and joining again brings it.
    if (roundNumber !== null && roundNumber > this.#settledRound)
      this.#membership.rejoin(this.#life.signal).catch(() => undefined)
  }

  onFailure(error: unknown): void {
    if (this.#life.signal.aborted) return
    this.#left ??= { state: 'left', reason: 'failed', ...described(error) }
    this.#life.abort()
  }

  #onRound(round: RoundSummary): void {
    if (round.taskId !== this.#options.taskId) return
    this.#tell({ type: 'round', round })
    const tell = (noted: number[]) => noted.forEach((roundNumber) => this.#tell({ type: 'counted', roundNumber }))
    void noteOutcome(this.#options.runtime.storage, round, this.#maxStaleness).then(tell)
    const last = (this.#work?.roundNumber ?? Infinity) + this.#maxStaleness // in which it may still count
    if (round.number === last && round.phase !== 'collecting') this.#abandonUnsent('round-closed')
    if (round.number > last) this.#abandonUnsent('stale-round')
  }

  #reconcile(expectedRound: number | null, roundInHand: number | undefined): void {
    const current = this.#work?.roundNumber
    if (current !== undefined && current === roundInHand && current !== expectedRound)
      this.#abandonUnsent('round-closed')
  }

  // ── the work ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Delivered twice, it runs once; a newer replaces an older. Of one that is over and comes again the server has not heard. */
  #onAssignment(assignment: Assignment): void {
    if (this.#card === undefined) return void (this.#early = assignment)
    const { taskId, roundNumber, deadlineInMs } = assignment
    const newest = this.#work?.roundNumber ?? this.#settledRound
    if (taskId !== this.#options.taskId || roundNumber < newest || this.#life.signal.aborted) return
    if (roundNumber === newest)
      return this.#work === undefined ? this.#membership.decline({ roundNumber, reason: 'failed' }) : undefined
    if (this.#paused) return this.#membership.decline({ roundNumber, reason: 'paused' })
    this.#personal.stop()
    const trainerIsFree = this.#makeRoom()
    const work = new Work(assignment, this.#life.signal)
    this.#work = work
    // By this device's own clock, from receipt: no clock need agree with another.
    this.#options.runtime.clock.sleep(deadlineInMs, work.signal).then(
      () => this.#work === work && this.#abandon(work, 'round-closed'),
      () => undefined,
    )
    this.#running = Promise.all([this.#running, trainerIsFree.then(() => this.#run(work))])
  }

  /**
   * Ends what a newer assignment replaces, but for an upload: it may be counted, with its receipt on the way. Resolves
   * when the trainer is free, for it does one thing at a time.
   */
  async #makeRoom(): Promise<void> {
    const work = this.#work
    const drop = () => work !== undefined && this.#drop(work, 'stale-round')
    if (work?.state.state === 'uploading')
      return void this.#options.runtime.clock.sleep(verdictMs, work.signal).then(drop, () => undefined)
    drop()
    await this.#running
  }

  async #run(work: Work): Promise<void> {
    const { runtime, data } = this.#options
    const { assignment, roundNumber, signal } = work
    try {
      signal.throwIfAborted()
      this.onConditions(await runtime.conditions())
      const trainer = await this.#trainer
      signal.throwIfAborted()
      const card = this.#card
      if (trainer === undefined || card === undefined)
        throw new Error('session: an assignment came before the join was answered')
      await this.#trust.accept(assignment.manifest, { card, layout: trainer.layout }, signal)
      const rejoin = () => this.#membership.rejoin(signal)
      const { deviceId } = this.#membership
      const tools = { runtime, deviceId, trainer, data, trust: this.#trust, rejoin }
      const { verdict, used } = await perform(assignment, tools, signal, (state) => {
        if (this.#work !== work) return
        work.state = state
        this.#show(state)
      })
      this.#settle(work, verdict)
      // A verdict that a newer round overtook comes too late for it.
      if (this.#work === undefined && !this.#paused && this.#settledRound === roundNumber)
        await this.#personal.run({ assignment, deviceId, trainer, runtime, ...used }, this.#life.signal)
    } catch (error) {
      if (signal.aborted) return
      this.#membership.decline({ roundNumber, reason: isUntrusted(error) ? 'untrusted' : 'failed' })
      this.#settle(work, { type: 'failed', roundNumber, ...described(error) })
    }
  }

  /** The work is done with before anybody hears of it: who pauses at the news gives nothing back. */
  #settle(work: Work, event: SessionEvent): void {
    const wasInHand = this.#work === work
    this.#settledRound = Math.max(this.#settledRound, work.roundNumber)
    work.end()
    if (wasInHand) this.#work = undefined
    this.#tell(event)
    if (wasInHand && this.#work === undefined) this.#rest()
  }

  /** A device must meet the task's conditions to start, and for as long as it works. */
  onConditions(conditions: Conditions): void {
    const { eligibility } = this.#card ?? {}
    if (eligibility === undefined || isEligible(eligibility, conditions, this.#options.data.numExamples)) return
    this.#personal.stop()
    if (this.#work !== undefined) this.#giveBack(this.#work, 'not-eligible')
  }

  doing(): ReturnType<Member['doing']> {
    if (this.#work === undefined) return { phase: this.#paused ? 'paused' : 'waiting' }
    const { state, roundNumber, fraction } = this.#work.state
    return { phase: state, roundNumber, progress: fraction }
  }

  /** An upload is left alone: it gets its verdict from the upload itself, for the server may have counted it already. */
  #abandonUnsent(code: ErrorCode): void {
    if (this.#work !== undefined && this.#work.state.state !== 'uploading') this.#abandon(this.#work, code)
  }

  #giveBack(work: Work, reason: Decline['reason']): void {
    this.#membership.decline({ roundNumber: work.roundNumber, reason })
    this.#abandon(work, reason)
  }

  #abandon(work: Work, code: string, retryAfterMs: number | null = null): void {
    this.#drop(work, code)
    this.#rest(retryAfterMs)
  }

  #drop(work: Work, code: string): void {
    if (this.#work === work) this.#work = undefined
    work.end()
    this.#tell({ type: 'withdrawn', roundNumber: work.roundNumber, code })
  }

  /** Says, here and to the server, that this device has nothing in hand. */
  #rest(nextRoundInMs: number | null = null): void {
    this.#showRest(nextRoundInMs)
    this.#membership.heartbeat()
  }

  #showRest(nextRoundInMs: number | null): void {
    if (this.#paused) this.#show({ state: 'paused' })
    else if (this.#personal.state !== undefined) this.#show(this.#personal.state)
    else if (this.#membership.joined) this.#show({ state: 'waiting', nextRoundInMs })
    else this.#show({ state: 'connecting', attempt: this.#membership.attempt })
  }

  #show(state: SessionState): void {
    this.#tell({ type: 'state', state })
  }
}
