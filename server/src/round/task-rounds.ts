import type { Assignment, Clock, DeviceId, ModelManifest, Pointers, Promoted, RoundSummary } from '@panal/client-core'
import type { Gate } from '../gate/contract.ts'
import { failpoint } from '../failpoint.ts'
import { gateSubject } from '../registry/gate-subject.ts'
import type { Registry } from '../registry/registry.ts'
import type { Task } from '../registry/task.ts'
import type { EngineLender } from '../vector/engines.ts'
import { assignmentFor, collectUpdates, type Offering } from './collect.ts'
import { Intake, type IntakeDeps } from './intake.ts'
import { LiveRound } from './live-round.ts'
import { manifestOf, type Sign } from './manifest.ts'
import { Population } from './population.ts'
import type { RoundPorts, UpdateLog, Watch } from './ports.ts'
import { recoveredRound } from './recovery.ts'
import { runRound } from './round.ts'
import { wantedDevices } from './select.ts'
import type { Spool } from './spool.ts'
import { addUpdate, emptyTally, type Tally } from './summary.ts'
import { spooledUpdates } from './update-source.ts'
import type { Round } from './state.ts'

export interface TaskRoundsDeps {
  readonly registry: Registry
  readonly log: UpdateLog
  readonly spool: Spool
  readonly gate: Gate
  readonly clock: Clock
  readonly sign: Sign
  /** Of the key that signs now. */
  readonly keyId: () => string
  readonly uploads: IntakeDeps['room']
  /** Closed rounds whose updates stay in the spool. */
  readonly keptRounds: number
  /** See `UpdateSource`. */
  readonly maxHeldBytes: number
  readonly engines?: EngineLender
  readonly isQuarantined?: (deviceId: DeviceId) => boolean
  /** Something in a round went wrong that no rule foresees: logged, the round tried again later. */
  readonly onError: (error: unknown, taskId: string) => void
  readonly onRound: (summary: RoundSummary) => void
  readonly onPromoted: (promoted: Promoted) => void
  readonly watch: Watch
  /** The task ran its last round. */
  readonly onFinished: (taskId: string) => void
}

/** The rounds of one task, one after another, for as long as it is not paused; and the devices that serve it. */
export class TaskRounds {
  #task: Task
  readonly population: Population
  readonly intake: Intake
  readonly #deps: TaskRoundsDeps
  #live: LiveRound | null = null
  #manifest: { readonly roundNumber: number; readonly manifest: ModelManifest } | undefined
  #paused: boolean
  #nextRoundAt: number | null = null
  #wake: () => void = () => undefined

  constructor(task: Task, paused: boolean, deps: TaskRoundsDeps) {
    this.#task = task
    this.#paused = paused
    this.#deps = deps
    this.population = new Population(task.document, deps.clock, {
      gone: (deviceId) => this.#live?.dispatch({ type: 'dropped', deviceId, at: deps.clock.now() }),
      arrived: () => this.#wake(),
      isBarred: (deviceId) => deps.isQuarantined?.(deviceId) === true,
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

  /** The offer a device still holds; a device that had dropped out and came back in time gets it again. */
  assignment(deviceId: DeviceId): Assignment | null {
    if (this.#live === null) return null
    this.#live.dispatch({ type: 'returned', deviceId, at: this.#deps.clock.now() })
    return assignmentFor(this.#task, this.#live, deviceId, this.#offering)
  }

  get #offering(): Offering {
    return { population: this.population, clock: this.#deps.clock, manifest: (live) => this.#manifestOf(live) }
  }

  /** See `Rounds`. */
  quarantineChanged(deviceId: DeviceId): void {
    this.population.barChanged(deviceId)
    if (this.#deps.isQuarantined?.(deviceId) !== true) return
    this.intake.expel(deviceId, 'quarantined')
    const round = this.#live?.dispatch({ type: 'declined', deviceId, at: this.#deps.clock.now() })
    const retryAfterMs = this.#task.document.rounds.minIntervalMs
    if (round !== undefined)
      this.population.send(deviceId, 'withdrawn', { roundNumber: round.number, code: 'not-assigned', retryAfterMs })
  }

  /** Signed once a round, and once more when the server's key has changed. */
  #manifestOf({ round }: LiveRound): ModelManifest {
    const { registry, sign, keyId } = this.#deps
    const kept = this.#manifest
    if (kept?.roundNumber === round.number && kept.manifest.keyId === keyId()) return kept.manifest
    const { parent, optimizerSha256 } = registry.version(this.#task.id, round.baseVersion)
    const correctionSha256 = this.#task.strategy.optimizer.sharesState === true ? optimizerSha256 : null
    const manifest = manifestOf(this.#task, round, { parent, correctionSha256, sign })
    this.#manifest = { roundNumber: round.number, manifest }
    return manifest
  }

  /** Runs until the signal aborts. Never rejects: what goes wrong is told, and tried again later. */
  async run(signal: AbortSignal): Promise<void> {
    const watching = Promise.all([this.#watchLeases(signal), this.#tidy()])
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
      await spool.retire(this.#task.id, registry.lastRoundNumber(this.#task.id) - numOpen, keptRounds)
    } catch (error) {
      onError(error, this.#task.id)
    }
  }

  #ports(): RoundPorts {
    const { registry, log, spool, gate, clock, maxHeldBytes, engines } = this.#deps
    return {
      registry,
      log,
      updates: spooledUpdates(this.#task, { log, spool, maxHeldBytes }),
      ...(engines && { engines }),
      gate,
      population: this.population,
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
    this.#live = earlier?.takeUp(round) ?? new LiveRound(round, this.#tallyOf(round), registry, onRound)
    log.markSelected(round.taskId, round.cohort, round.number)
    failpoint('after-open')
    return this.#live
  }

  /** What an interrupted round had added up; nothing for a new one. */
  #tallyOf({ taskId, number }: Round): Tally {
    const { registry, log } = this.#deps
    const { bytesDown = 0, aggregation = null } = registry.roundSummary(taskId, number) ?? {}
    const tally = { ...emptyTally(), bytesDown, aggregation }
    for (const update of log.updatesOf(taskId, number)) if (update.verdict === 'accepted') addUpdate(tally, update)
    return tally
  }

  async #afterRound(round: Round, failures: number, signal: AbortSignal): Promise<void> {
    const { registry, spool, keptRounds, onPromoted } = this.#deps
    if (round.phase !== 'closed') return
    await spool.retire(round.taskId, round.number, keptRounds)
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

  /**
   * Waits until the task is not paused and has devices: all that are wanted, or after one heartbeat's grace as many
   * as a round needs at least.
   */
  async #readyToSelect(signal: AbortSignal): Promise<void> {
    const { cohort, lease } = this.#task.document
    for (let grace = true; ;) {
      signal.throwIfAborted()
      const available = this.#paused ? 0 : this.population.numAvailable
      if (available >= wantedDevices(cohort) || (!grace && available >= cohort.minimum)) return
      this.#nextRoundAt = null
      const woken = new Promise<void>((resolve) => (this.#wake = resolve))
      if (available < cohort.minimum) {
        await unlessAborted(woken, signal)
        grace = true
      } else {
        grace = await this.#graceOrWoken(woken, lease.heartbeatMs, signal)
      }
    }
  }

  /** True if somebody came before the grace was over. */
  async #graceOrWoken(woken: Promise<void>, graceMs: number, signal: AbortSignal): Promise<boolean> {
    const timer = new AbortController()
    const stop = () => timer.abort(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    const over = this.#deps.clock.sleep(graceMs, timer.signal).then(
      () => false,
      () => true,
    )
    const cameFirst = await Promise.race([woken.then(() => true), over])
    timer.abort()
    signal.removeEventListener('abort', stop)
    return cameFirst
  }

  /** [R8] Looks for lapsed leases often enough that one is noticed within half a heartbeat. */
  async #watchLeases(signal: AbortSignal): Promise<void> {
    const everyMs = Math.ceil(this.#task.document.lease.heartbeatMs / 2)
    const waited = () =>
      this.#deps.clock.sleep(everyMs, signal).then(
        () => true,
        () => false,
      )
    while (await waited())
      try {
        this.population.sweep()
      } catch (error) {
        // A lapse may end the round, and a full disk refuse that: the deadline ends it then.
        this.#deps.onError(error, this.#task.id)
      }
  }
}

const promotionOf = (round: Round, pointers: Pointers, registry: Registry): Promoted => {
  const champion = pointers.champion ?? 0
  const move = registry.moves(round.taskId).find((each) => each.pointer === 'champion' && each.to === champion)
  return {
    taskId: round.taskId,
    champion,
    previous: move?.from ?? null,
    reason: move?.reason ?? 'the gate promoted it',
  }
}

/** Leaves no listener behind: a server's signal lives as long as the server. @throws the signal's reason */
const unlessAborted = (woken: Promise<void>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error)
    signal.addEventListener('abort', stop, { once: true })
    void woken.then(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    })
  })
