import type { RoundSummary } from '@panal/client-core'
import { Counter, Gauge, Histogram, Registry as PromRegistry, collectDefaultMetrics } from 'prom-client'
import type { Rounds } from '../round/contract.ts'

export interface MetricsSources {
  readonly rounds: Rounds
  readonly taskIds: () => readonly string[]
  readonly numSockets: () => number
}

export interface Metrics {
  readonly contentType: string
  /** The page that Prometheus reads. */
  page(): Promise<string>
  /** Counts one answered upload: 'accepted' or the code it was refused with. */
  countUpdate(taskId: string, verdict: string): void
  countUploadBytes(numBytes: number): void
  close(): void
}

const phaseBuckets = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600]

/** What an operator watches, in a registry of its own so that several servers may live in one process. */
export function makeMetrics({ rounds, taskIds, numSockets }: MetricsSources): Metrics {
  const register = new PromRegistry()
  const registers = [register]
  collectDefaultMetrics({ register })
  const closed = new Counter({
    name: 'panal_rounds_total',
    help: 'Rounds closed',
    labelNames: ['task', 'outcome'],
    registers,
  })
  const updates = new Counter({
    name: 'panal_updates_total',
    help: 'Uploads answered',
    labelNames: ['task', 'verdict'],
    registers,
  })
  const uploadBytes = new Counter({ name: 'panal_upload_bytes_total', help: 'Bytes of accepted updates', registers })
  const phases = new Histogram({
    name: 'panal_round_phase_seconds',
    help: 'Time of each phase of closed rounds',
    labelNames: ['task', 'phase'],
    buckets: phaseBuckets,
    registers,
  })
  new Gauge({
    name: 'panal_members',
    help: 'Devices joined now',
    labelNames: ['task'],
    registers,
    collect() {
      for (const task of taskIds()) this.set({ task }, rounds.numMembers(task))
    },
  })
  new Gauge({
    name: 'panal_sockets',
    help: 'Control connections open now',
    registers,
    collect() {
      this.set(numSockets())
    },
  })

  const counted = new Map<string, number>()
  const stop = rounds.onRound((round) => {
    // A closed round may be announced more than once.
    if (round.phase !== 'closed' || (counted.get(round.taskId) ?? 0) >= round.number) return
    counted.set(round.taskId, round.number)
    closed.inc({ task: round.taskId, outcome: round.outcome ?? 'abandoned' })
    for (const [phase, ms] of phaseTimes(round)) phases.observe({ task: round.taskId, phase }, ms / 1000)
  })
  return {
    contentType: register.contentType,
    page: () => register.metrics(),
    countUpdate: (task, verdict) => updates.inc({ task, verdict }),
    countUploadBytes: (numBytes) => uploadBytes.inc(numBytes),
    close() {
      stop()
      register.clear()
    },
  }
}

const phaseTimes = ({ collectMs, aggregateMs, gateMs }: RoundSummary): [string, number][] =>
  Object.entries({ collect: collectMs, aggregate: aggregateMs, gate: gateMs }).filter(
    (entry): entry is [string, number] => entry[1] !== undefined,
  )
