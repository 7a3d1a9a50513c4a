import { setImmediate } from 'node:timers/promises'
import {
  virtualClock,
  type Clock,
  type DeviceId,
  type GateReport,
  type LocalMetrics,
  type VirtualClock,
} from '@panal/client-core'
import {
  emptyTally,
  LiveRound,
  newlyAsked,
  numForNext,
  rootSeed,
  runRound,
  type ClosedRound,
  type GateSubject,
  type GatingRound,
  type RoundPorts,
} from '@panal/server'
import type { DeviceOutcome, Executor } from '../executor/executor.ts'
import { SimulatedDevices } from '../profile/simulated-devices.ts'
import { deviceIdOf, deviceOf } from './device-ids.ts'
import { ExperimentError } from './experiment-error.ts'
import type { KeptVectors } from './kept-vectors.ts'
import { MemoryRegistry, type Head } from './memory-registry.ts'
import type { OpenExperiment } from './open-experiment.ts'
import { collectSimulated, type Collected, type Sent } from './simulated-collection.ts'

/** All that the rounds to come depend on, beside the experiment. */
export interface SimulationState {
  readonly head: Head
  readonly now: number
  /** [numDevices] Number of the last round each device was asked in; 0 if never. */
  readonly lastRounds: Uint32Array
}

/** One round, as it went. */
export interface SimulatedRound {
  readonly closed: ClosedRound
  readonly bytesDown: number
  readonly bytesUp: number
  readonly outcomes: readonly DeviceOutcome[]
  /** On the test set; null where this round was not tested. */
  readonly metrics: LocalMetrics | null
  /** Real time of each phase, ms. */
  readonly phases: Readonly<Record<'train' | 'aggregate' | 'evaluate', number>>
}

/** Simulated time starts here: a Thursday, midnight UTC. */
export const startAt = Date.UTC(2026, 0, 1)
/** How far apart to look whether enough devices have come, and when to give up: windows come back every day. */
const lookEveryMs = 60_000
const giveUpMs = 2 * 86_400_000

export interface SimulationParts {
  readonly executor: Executor
  readonly realClock: Clock
  /** Of a plan that corrects devices' gradients. */
  readonly corrections?: KeptVectors
  /** Of a plan by which devices go on with models of their own. */
  readonly personal?: KeptVectors
}

/** Of the updates that count. */
const normsOf = (outcomes: readonly DeviceOutcome[]): number[] =>
  outcomes.filter(({ verdict }) => verdict === 'accepted').map(({ norm, discount = 1 }) => norm * discount)

/** The server's own rounds over simulated devices, on a virtual clock. */
export class Simulation {
  readonly #opened: OpenExperiment
  readonly #executor: Executor
  readonly #realClock: Clock
  readonly #corrections: KeptVectors | null
  readonly #personal: KeptVectors | null
  readonly #registry: MemoryRegistry
  readonly #clock: VirtualClock
  readonly #devices: SimulatedDevices
  readonly #deviceIds: readonly DeviceId[]
  readonly #lastRounds: Uint32Array

  constructor(opened: OpenExperiment, state: SimulationState, parts: SimulationParts) {
    const { experiment, seed } = opened
    this.#opened = opened
    this.#executor = parts.executor
    this.#realClock = parts.realClock
    this.#corrections = parts.corrections ?? null
    this.#personal = parts.personal ?? null
    this.#registry = new MemoryRegistry(state.head, opened.task)
    this.#clock = virtualClock({ startAt: state.now, settle: () => Promise.resolve() })
    this.#devices = new SimulatedDevices(experiment.profile, experiment.devices, seed)
    this.#deviceIds = Array.from({ length: experiment.devices }, (_, device) => deviceIdOf(device))
    this.#lastRounds = state.lastRounds
  }

  get state(): SimulationState {
    return { head: this.#registry.head, now: this.#clock.now(), lastRounds: this.#lastRounds }
  }

  /** @param isTested whether to test the candidate, given its round's number @throws ExperimentError 'no-device' */
  async nextRound(
    isTested: (roundNumber: number) => boolean,
    signal: AbortSignal,
    onDone: (outcome: DeviceOutcome) => void = () => undefined,
  ): Promise<SimulatedRound> {
    const { task, partition, experiment } = this.#opened
    await this.#untilEnough()
    const marks = { start: this.#realClock.now(), collected: NaN, aggregated: NaN }
    const found: { live?: LiveRound; collected?: Collected; metrics: LocalMetrics | null } = { metrics: null }
    const deps = {
      task,
      partition,
      executor: this.#executor,
      devices: this.#devices,
      clock: this.#clock,
      corrections: this.#corrections,
      personal: this.#personal,
      isTested,
      onDone,
    }
    const ports: RoundPorts = {
      registry: this.#registry,
      clock: this.#clock,
      log: { lastRounds: () => ({ get: (deviceId) => this.#lastRounds[deviceOf(deviceId)] }) },
      population: { available: () => this.#available() },
      enter: (round) => (found.live = new LiveRound(round, emptyTally(), this.#registry, () => undefined)),
      collect: async (live, stop) => {
        for (const deviceId of newlyAsked(live.round)) this.#lastRounds[deviceOf(deviceId)] = live.round.number
        found.collected = await collectSimulated(live, this.#sent(), deps, stop)
        this.#registry.collected(normsOf(found.collected.outcomes))
        marks.collected = this.#realClock.now()
      },
      updates: ({ participants }) => {
        const { updates } = found.collected!
        if (updates.count !== participants.length)
          throw new Error(`experiment: ${updates.count} updates of ${participants.length} participants`)
        return updates
      },
      rootDelta: (round, stop) => this.#rootDelta(round, stop),
      subject: (round) => this.#subject(round),
      gate: {
        judge: async (subject, stop) => {
          marks.aggregated = this.#realClock.now()
          const candidate = this.#registry.candidate!
          const sound = candidate.every(Number.isFinite)
          if (sound && isTested(this.#registry.lastRoundNumber()))
            found.metrics = await this.#executor.evaluate(candidate, stop)
          return this.#report(subject, sound, found.metrics)
        },
      },
    }
    const closed = await runRound(task, null, ports, signal)
    if (closed.phase !== 'closed') throw new Error(`experiment: round ${closed.number} is still ${closed.phase}`)
    if (closed.outcome === 'abandoned') this.#registry.abandoned(closed)
    if (closed.outcome !== 'promoted') await this.#corrections?.undo(closed.cohort.map(deviceOf), closed.baseVersion)
    const end = this.#realClock.now()
    await this.#clock.advance(experiment.intervalMs)
    await setImmediate() // a signal that came meanwhile is heard
    return {
      closed,
      bytesDown: found.live!.tally.bytesDown,
      bytesUp: found.live!.tally.bytesUp,
      outcomes: found.collected?.outcomes ?? [],
      metrics: found.metrics,
      phases: {
        train: marks.collected - marks.start,
        aggregate: (marks.aggregated || end) - marks.collected,
        evaluate: end - (marks.aggregated || end),
      },
    }
  }

  #sent(): Sent {
    const { optimizerState } = this.#registry.head
    const { task } = this.#opened
    const shares = task.strategy.optimizer.sharesState === true
    return {
      baseOf: ({ baseVersion }) => this.#registry.params(task.id, baseVersion),
      ...(shares && { servers: optimizerState }),
    }
  }

  async #rootDelta({ number, baseVersion }: { number: number; baseVersion: number }, signal: AbortSignal) {
    const { task, root: rows } = this.#opened
    const base = await this.#registry.params(task.id, baseVersion)
    if (this.#executor.trainRoot === undefined) throw new Error('experiment: nobody trains the root set')
    return { delta: await this.#executor.trainRoot({ base, rows, seed: rootSeed(task, number) }, signal) }
  }

  #available(): DeviceId[] {
    if (this.#devices.alwaysAvailable) return [...this.#deviceIds]
    const now = this.#clock.now()
    return this.#deviceIds.filter((_, device) => this.#devices.isAvailable(device, now))
  }

  /** Devices at work from earlier rounds, and those that may be asked. */
  #numForNextRound(): number {
    const { earlier } = this.#registry.head
    const available = this.#available()
    if (earlier === undefined) return available.length
    const present = new Set(available)
    return numForNext(earlier.round, this.#clock.now(), this.#opened.task.document, {
      numAvailable: present.size,
      isAvailable: (deviceId) => present.has(deviceId),
    })
  }

  /** Waits, in simulated time, until a round has as many devices as it needs at least. */
  async #untilEnough(): Promise<void> {
    const { minimum } = this.#opened.experiment.cohort
    if (this.#devices.alwaysAvailable) return // each is at work or may be asked
    for (let waitedMs = 0; this.#numForNextRound() < minimum; waitedMs += lookEveryMs) {
      if (waitedMs > giveUpMs)
        throw new ExperimentError(
          'no-device',
          `in two simulated days there were never ${minimum} devices at the same time: lower cohort.minimum, or widen profile.availability`,
        )
      await this.#clock.advance(lookEveryMs)
    }
  }

  #subject({ candidateVersion, baseVersion, baseSha256 }: GatingRound): GateSubject {
    const { task } = this.#opened
    return {
      document: task.document,
      candidate: this.#registry.version(task.id, candidateVersion),
      base: { version: baseVersion, weightsSha256: baseSha256 },
      champion: null,
      anchor: null,
    }
  }

  /** An experiment has no release to guard: every candidate of numbers is the next head. */
  #report({ document, candidate }: GateSubject, sound: boolean, metrics: LocalMetrics | null): GateReport {
    const { evaluation, gate } = document.sets
    return {
      taskId: document.id,
      version: candidate.version,
      champion: null,
      anchor: null,
      verdict: sound ? 'PASS' : 'BLOCK',
      sound,
      reason: sound ? 'every weight is a finite number' : 'a weight is not a finite number: training has diverged',
      checks: [],
      evaluation: metrics,
      gate: null,
      datasetDigests: { evaluation, gate },
      judgedAt: this.#clock.now(),
      durationMs: 0,
    }
  }
}
