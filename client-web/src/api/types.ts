import type { EpochMs, Pointers, RoundSummary, TaskCard } from '@panal/client-core'

/** What the server's pages API answers, as far as this app reads it. */

/** GET /v1/tasks/:id */
export interface TaskView {
  readonly card: TaskCard
  readonly pointers: Pointers
  /** The open round, else the last closed one. */
  readonly round: RoundSummary | null
  readonly numMembers: number
}

export type GateVerdict = 'PASS' | 'WARN' | 'NOT_ENOUGH_DATA' | 'ERROR' | 'BLOCK' | 'NO_CHANGE' | 'NOT_APPLICABLE'

export interface CheckResult {
  readonly check: string
  readonly verdict: GateVerdict
  readonly reason: string
  readonly metric?: string
  readonly estimate?: number
  readonly interval?: readonly [number, number]
  readonly n?: number
  readonly nRequired?: number
  readonly test?: string
  readonly p?: number
  readonly margin?: number
}

export interface Metrics {
  readonly numExamples: number
  readonly accuracy: number
  readonly logLoss: number
}

export interface GateReport {
  readonly version: number
  readonly champion: number | null
  readonly anchor: number | null
  readonly verdict: GateVerdict
  readonly sound: boolean
  readonly reason: string
  readonly checks: readonly CheckResult[]
  /** Null where the model could not be run. */
  readonly evaluation: Metrics | null
  readonly gate: Metrics | null
  readonly datasetDigests: { readonly evaluation: string; readonly gate: string }
  readonly judgedAt: EpochMs
  readonly durationMs: number
}

export type VersionStatus = 'initial' | 'candidate' | 'promoted' | 'held' | 'rejected' | 'unsound'

export interface VersionView {
  readonly taskId: string
  readonly version: number
  readonly parent: number | null
  readonly roundNumber: number | null
  readonly status: VersionStatus
  readonly weightsSha256: string
  readonly numBytes: number
  readonly numParticipants: number
  /** Device ids, for people who are signed in only. */
  readonly participants?: readonly string[]
  readonly planHash: string
  readonly codeVersion: string
  readonly dataDigest: string
  readonly createdAt: EpochMs
  readonly evaluation: GateReport | null
}

export interface PointerMove {
  readonly id: number
  readonly pointer: 'head' | 'champion' | 'anchor'
  readonly from: number | null
  readonly to: number
  /** Null for a person, where whoever asks has not signed in. */
  readonly actor: string | null
  readonly reason: string
  readonly at: EpochMs
}

/** GET /v1/session */
export interface SessionView {
  readonly signedIn: boolean
  readonly role?: string
  readonly name?: string
}
