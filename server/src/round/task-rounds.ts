import type { Assignment, DeviceId } from '@panal/client-core'
import { failpoint } from '../failpoint.ts'
import { gateSubject } from '../registry/gate-subject.ts'
import type { Task } from '../registry/task.ts'
import { heldTo, newlyAsked, numForNext, originOf, type Standing } from './carried.ts'
import { assignmentFor, collectUpdates, type Offering } from './collect.ts'
import { Intake } from './intake.ts'
import { LiveRound } from './live-round.ts'
import { Manifests } from './manifest.ts'
import { Population } from './population.ts'
import { promotionOf } from './promotion.ts'
import type { RoundPorts } from './ports.ts'
import { recoveredRound } from './recovery.ts'
import { rootDeltaOf } from './root-delta.ts'
import { runRound } from './round.ts'
import { wantedDevices } from './select.ts'
import { tallyOf } from './summary.ts'
import type { TaskRoundsDeps } from './task-rounds-deps.ts'
import { untilEnough } from './wait.ts'
import { watchLeases } from './watch-leases.ts'
import { spooledUpdates } from './update-source.ts'
import type { Origin, Round } from './state.ts'

/** The rounds of one task, one after another, for as long as it is not paused; and the devices that serve it. */
export class TaskRounds {
  #task: Task
  readonly population: Population
  readonly intake: Intake
  readonly #deps: TaskRoundsDeps
  #live: LiveRound | null = null
  /** The last round that an earlier start of the server has closed: devices may still be at work on it. */
  readonly #before: Round | null
  readonly #manifests: Manifests
  /** Who gave its assignment back while no round collected. */
  readonly #released = new Set<DeviceId>()
  #paused: boolean
  #nextRoundAt: number | null = null
  #wake: () => void = () => undefined

  constructor(task: Task, paused: boolean, deps: TaskRoundsDeps) {
    this.#task = task
    this.#paused = paused
    this.#deps = deps
    this.#manifests = new Manifests(deps)
    const last = deps.registry.round(task.id, deps.registry.lastRoundNumber(task.id))
    this.#before = last?.phase === 'closed' ? last : null
    this.population = new Population(task.document, deps.clock, {
      gone: (deviceId) => this.#gone(deviceId, 'dropped'),
      arrived: () => this.#wake(),
      isBarred: (deviceId) => this.#isBarred(deviceId),
    })
    this.intake = new Intake({
      task,
      spool: deps.spool,
      log: deps.log,
      clock: deps.clock,
      sign: deps.sign,
      room: deps.uploads,
      isMember: (deviceId) => this.population.has(deviceId),
      live: () => this.#live,
      latest: () => this.latest,
      nextRoundInMs: () => this.nextRoundInMs,
    })
  }

  get task(): Task {
    return this.#task
  }

  /** Only what it is judged by may differ: all else was told to devices. */
  set task(task: Task) {
    this.#task = task
  }

  get live(): LiveRound | null {
    return this.#live
  }

  get nextRoundInMs(): number | null {
    return this.#nextRoundAt === null ? null : Math.max(0, this.#nextRoundAt - this.#deps.clock.now())
  }

  set paused(paused: boolean) {
    this.#paused = paused
    this.#wake()
  }

  get paused(): boolean {
    return this.#paused
  }

  /** The open round, else the last one; null before the first. */
  get latest(): Round | null {
    return this.#live?.round ?? this.#before
  }

  /** The offer a device still holds; a device that had dropped out and came back in time gets it again. */
  assignment(deviceId: DeviceId): Assignment | null {
    this.#live?.dispatch({ type: 'returned', deviceId, at: this.#deps.clock.now() })
    const round = this.#heldBy(deviceId)
    const assignment = round && assignmentFor(this.#task, round, deviceId, this.#offering)
    if (assignment !== null) this.#wake() // one more is at work
    return assignment
  }

  /** What a device is held to be working on; null when nobody waits for it. */
  heldTo(deviceId: DeviceId): Origin | null {
    const round = this.#heldBy(deviceId)
    return round && heldTo(round, deviceId, this.#task.document, this.#deps.clock.now())
  }

  decline(deviceId: DeviceId, roundNumber: number): void {
    const round = this.latest
    if (round !== null && originOf(round, deviceId)?.roundNumber === roundNumber) this.#gone(deviceId, 'declined')
  }

  /** The round that may hold a device to its assignment. */
  #heldBy(deviceId: DeviceId): Round | null {
    return this.#released.has(deviceId) || this.#isBarred(deviceId) ? null : this.latest
  }

  /** Between two rounds nobody waits; the next one looks at who is there as it opens. */
  #gone(deviceId: DeviceId, type: 'dropped' | 'declined'): void {
    if (this.#live?.round.phase === 'collecting') this.#live.dispatch({ type, deviceId, at: this.#deps.clock.now() })
    else if (type === 'declined') this.#released.add(deviceId)
  }

  #isBarred(deviceId: DeviceId): boolean {
    return this.#deps.isQuarantined?.(deviceId) === true
  }

  #standing(deviceId: DeviceId): Standing {
    if (this.#released.has(deviceId) || this.#isBarred(deviceId)) return 'released'
    return this.population.has(deviceId) ? 'working' : 'gone'
  }

  get #offering(): Offering {
    return {
      population: this.population,
      clock: this.#deps.clock,
      manifest: (origin) => this.#manifests.of(this.#task, origin),
    }
  }

  /** See `Rounds`. */
  quarantineChanged(deviceId: DeviceId): void {
    this.population.barChanged(deviceId)
    if (!this.#isBarred(deviceId)) return
    this.intake.expel(deviceId, 'quarantined')
    const origin = this.latest && originOf(this.latest, deviceId)
    if (!origin) return
    this.#gone(deviceId, 'declined')
    const retryAfterMs = this.#task.document.rounds.minIntervalMs
    const { roundNumber } = origin
    this.population.send(deviceId, 'withdrawn', { roundNumber, code: 'not-assigned', retryAfterMs })
  }

  /** Runs until the signal aborts. Never rejects: what goes wrong is told, and tried again later. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, onError } = this.#deps
    const complain = (error: unknown) => onError(error, this.#task.id)
    const { heartbeatMs } = this.#task.document.lease
    const watching = Promise.all([watchLeases(this.population, { heartbeatMs, clock, complain }, signal), this.#tidy()])
    const stopped = () => signal.aborted
    let mayBeOpen = true // one that a stop, a crash or a failure left
    for (let failures = 0; !stopped();) {
      try {
        const open = mayBeOpen ? recoveredRound(this.#task.id, this.#deps) : null
        if (open === null) {
          this.#pauseAfterLast()
          await this.#readyToSelect(signal)
        }
        mayBeOpen = true
        const closed = await runRound(this.#task, open, this.#deps.watch(this.#task.id, this.#ports()), signal)
        mayBeOpen = false
        failures = closed.phase === 'closed' && closed.outcome === 'abandoned' ? failures + 1 : 0
        await this.#afterRound(closed, failures, signal)
      } catch (error) {
        if (stopped()) break
        this.#deps.onError(error, this.#task.id)
        failures += 1
        await this.#rest(failures, signal).catch(() => undefined)
      }
    }
    await watching
  }

  /** Removes what a crash between a round's end and its tidying left in the spool. */
  async #tidy(): Promise<void> {
    const { registry, spool, keptRounds, onError } = this.#deps
    try {
      const numOpen = registry.openRounds(this.#task.id).length
      const lastClosed = registry.lastRoundNumber(this.#task.id) - numOpen
      await spool.retire(this.#task.id, lastClosed, { numKept: keptRounds, maxStaleness: this.#maxStaleness })
    } catch (error) {
      onError(error, this.#task.id)
    }
  }

  get #maxStaleness(): number {
    return this.#task.document.cohort.maxStaleness ?? 0
  }

  #ports(): RoundPorts {
    const { registry, log, spool, gate, clock, maxHeldBytes, engines, rootTrainer } = this.#deps
    return {
      registry,
      log,
      updates: spooledUpdates(this.#task, { log, spool, maxHeldBytes }),
      ...(engines && { engines }),
      ...(rootTrainer && { rootDelta: rootDeltaOf(this.#task, { registry, trainer: rootTrainer }) }),
      gate,
      population: this.population,
      standing: (deviceId) => this.#standing(deviceId),
      clock,
      enter: (round) => this.#enter(round),
      collect: (live, signal) => collectUpdates(this.#task, live, this.#offering, signal),
      subject: ({ candidateVersion }) => gateSubject(this.#task, candidateVersion, registry),
    }
  }

  /** Durable before any offer leaves: saved by LiveRound, the selection beside it. */
  #enter(round: Round): LiveRound {
    const { registry, log, onRound } = this.#deps
    this.#nextRoundAt = null
    const earlier = this.#live?.round.number === round.number ? this.#live : null
    this.#live = earlier?.takeUp(round) ?? new LiveRound(round, tallyOf(round, this.#deps), registry, onRound)
    log.markSelected(round.taskId, newlyAsked(round), round.number)
    failpoint('after-open')
    this.#manifests.forgetBefore(round.number - this.#maxStaleness)
    if (round.phase !== 'collecting') return this.#live // whoever was released is still to be left out of the next
    this.#released.clear()
    for (const deviceId of round.cohort) if (this.#isBarred(deviceId)) this.#gone(deviceId, 'declined')
    return this.#live
  }

  async #afterRound(round: Round, failures: number, signal: AbortSignal): Promise<void> {
    const { registry, spool, keptRounds, onPromoted } = this.#deps
    if (round.phase !== 'closed') return
    await spool.retire(round.taskId, round.number, { numKept: keptRounds, maxStaleness: this.#maxStaleness })
    if (round.outcome === 'promoted') onPromoted(promotionOf(round, registry.pointers(round.taskId), registry))
    this.#pauseAfterLast()
    await this.#rest(failures, signal)
  }

  /** A task with `rounds.max` pauses itself after that round, also if a crash came between the two. */
  #pauseAfterLast(): void {
    const { max } = this.#task.document.rounds
    const last = this.#deps.registry.lastRoundNumber(this.#task.id)
    if (max !== undefined && last >= max && !this.#paused) this.#deps.onFinished(this.#task.id)
  }

  /** The task's own interval; longer and longer while rounds fail. */
  async #rest(failures: number, signal: AbortSignal): Promise<void> {
    const { rounds, lease } = this.#task.document
    const backoffMs = failures === 0 ? 0 : Math.min(60_000, lease.heartbeatMs * 2 ** Math.min(failures, 10))
    const restMs = Math.max(rounds.minIntervalMs, backoffMs)
    this.#nextRoundAt = this.#deps.clock.now() + restMs
    if (restMs > 0) await this.#deps.clock.sleep(restMs, signal)
  }

  /** Waits until the task is not paused and has devices, at work from earlier rounds or free. */
  #readyToSelect(signal: AbortSignal): Promise<void> {
    const { cohort, lease } = this.#task.document
    const { clock } = this.#deps
    const numDevices = () => (this.#paused ? 0 : this.#numForNextRound())
    const nextChange = () => {
      this.#nextRoundAt = null
      return new Promise<void>((resolve) => (this.#wake = resolve))
    }
    const enough = { wanted: wantedDevices(cohort), minimum: cohort.minimum, graceMs: lease.heartbeatMs }
    return untilEnough({ ...enough, clock, numDevices, nextChange }, signal)
  }

  #numForNextRound(): number {
    const { latest, population } = this
    if (latest === null || this.#maxStaleness === 0) return population.numAvailable
    return numForNext(latest, this.#deps.clock.now(), this.#task.document, {
      numAvailable: population.numAvailable,
      isAvailable: (deviceId) => population.isAvailable(deviceId),
      standing: (deviceId) => this.#standing(deviceId),
    })
  }
}
