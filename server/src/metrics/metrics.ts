import { PanalError, type GateReport, type RoundSummary } from '@panal/client-core'
import { Counter, Gauge, Histogram, Registry as PromRegistry, collectDefaultMetrics } from 'prom-client'
import type { Rounds } from '../round/contract.ts'

export interface MetricsSources {
  readonly rounds: Rounds
  readonly taskIds: () => readonly string[]
  readonly numSockets: () => number
  /** What the gate said of a version; null while it has not. */
  readonly gateReport: (taskId: string, version: number) => GateReport | null
  readonly disk: { readonly reserveBytes: number; readonly freeBytes: number }
}

export interface Metrics {
  readonly contentType: string
  /** The page that Prometheus reads. */
  page(): Promise<string>
  /** Counts one upload from its first byte to its answer: 'accepted' or the code it is refused with. */
  upload<Result>(taskId: string, numBytes: number, work: () => Promise<Result>): Promise<Result>
  close(): void
}

const phaseBuckets = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600]
const uploadBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

/**
 * What an operator watches, in a registry of its own so that several servers may live in one process. Labels are tasks,
 * and codes, verdicts and names of closed tables: nothing that a device sends makes a series.
 */
export function makeMetrics({ rounds, taskIds, numSockets, gateReport, disk }: MetricsSources): Metrics {
  const register = new PromRegistry()
  const registers = [register]
  // Process and Node.js: processor time, memory, open files, lag of the event loop, garbage collection.
  collectDefaultMetrics({ register })
  const closed = new Counter({
    name: 'panal_rounds_total',
    help: 'Rounds closed, by outcome',
    labelNames: ['task', 'outcome'],
    registers,
  })
  const phases = new Histogram({
    name: 'panal_round_phase_seconds',
    help: 'Time of each phase of closed rounds',
    labelNames: ['task', 'phase'],
    buckets: phaseBuckets,
    registers,
  })
  const downloadBytes = new Counter({
    name: 'panal_round_download_bytes_total',
    help: 'Bytes of base weights sent to devices during collection, of closed rounds',
    labelNames: ['task'],
    registers,
  })
  const verdicts = new Counter({
    name: 'panal_gate_verdicts_total',
    help: 'Candidates judged, by the verdict of the whole gate',
    labelNames: ['task', 'verdict'],
    registers,
  })
  const checks = new Counter({
    name: 'panal_gate_checks_total',
    help: 'Candidates judged, by gate check and its verdict',
    labelNames: ['task', 'check', 'verdict'],
    registers,
  })
  const updates = new Counter({
    name: 'panal_updates_total',
    help: 'Uploads answered: accepted, or the code they were refused with',
    labelNames: ['task', 'verdict'],
    registers,
  })
  const uploadBytes = new Counter({
    name: 'panal_upload_bytes_total',
    help: 'Bytes received of accepted updates',
    labelNames: ['task'],
    registers,
  })
  const uploadSeconds = new Histogram({
    name: 'panal_upload_seconds',
    help: 'From the headers of an upload to its answer',
    labelNames: ['task'],
    buckets: uploadBuckets,
    registers,
  })
  const uploads = new Gauge({
    name: 'panal_uploads_in_flight',
    help: 'Uploads of updates being received now',
    registers,
  })
  new Gauge({
    name: 'panal_members',
    help: 'Devices whose lease on a task runs now, connected or not',
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
  new Gauge({
    name: 'panal_disk_free_bytes',
    help: 'Space that is left for the data directory',
    registers,
    collect() {
      this.set(disk.freeBytes)
    },
  })
  new Gauge({
    name: 'panal_disk_reserve_bytes',
    help: 'Space below which updates are told to come back',
    registers,
  }).set(disk.reserveBytes)

  const counted = new Map<string, number>()
  const stop = rounds.onRound((round) => {
    const { taskId: task, phase, number, candidateVersion } = round
    // A closed round may be announced more than once.
    if (phase !== 'closed' || (counted.get(task) ?? 0) >= number) return
    counted.set(task, number)
    closed.inc({ task, outcome: round.outcome ?? 'abandoned' })
    downloadBytes.inc({ task }, round.bytesDown)
    for (const [name, ms] of phaseTimes(round)) phases.observe({ task, phase: name }, ms / 1000)
    const report = candidateVersion === undefined ? null : gateReport(task, candidateVersion)
    if (report === null) return
    verdicts.inc({ task, verdict: report.verdict })
    for (const { check, verdict } of report.checks) checks.inc({ task, check, verdict })
  })
  return {
    contentType: register.contentType,
    page: () => register.metrics(),
    async upload(task, numBytes, work) {
      const observe = uploadSeconds.startTimer({ task })
      uploads.inc()
      try {
        const result = await work()
        updates.inc({ task, verdict: 'accepted' })
        uploadBytes.inc({ task }, numBytes)
        return result
      } catch (error) {
        updates.inc({ task, verdict: codeOf(error) })
        throw error
      } finally {
        uploads.dec()
        observe()
      }
    },
    close() {
      stop()
      register.clear()
    },
  }
}

const codeOf = (error: unknown): string => (error instanceof PanalError ? error.code : 'internal')

const phaseTimes = ({ collectMs, aggregateMs, gateMs }: RoundSummary): [string, number][] =>
  Object.entries({ collect: collectMs, aggregate: aggregateMs, gate: gateMs }).filter(
    (entry): entry is [string, number] => entry[1] !== undefined,
  )
