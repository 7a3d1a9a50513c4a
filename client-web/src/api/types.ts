import type {
  Calibrator,
  EpochMs,
  GateReport,
  Pointers,
  ReportLook,
  RoundSummary,
  SignedReport,
  TaskCard,
} from '@panal/client-core'

/** What the server's pages API answers, as far as this app reads it. */

/** GET /v1/tasks/:id */
export interface TaskView {
  readonly card: TaskCard
  readonly pointers: Pointers
  /** The open round, else the last closed one. */
  readonly round: RoundSummary | null
  readonly numMembers: number
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
  readonly calibrator: Calibrator | null
  readonly servedSha256: string | null
}

/** A version, and which of its judgements; the newest where it is left out. */
export interface JudgedVersion {
  readonly taskId: string
  readonly version: number
  readonly judgement?: number | undefined
}

export interface JudgementView {
  readonly id: number
  readonly taskId: string
  readonly version: number
  /** `gate` at the end of its round. Null for a person, where whoever asks has not signed in. */
  readonly actor: string | null
  readonly verdict: GateReport['verdict']
  readonly outcome: 'promoted' | 'waiting' | 'held' | 'rejected'
  readonly reason: string
  readonly at: EpochMs
}

/** A judgement that is being made, or why the last try failed. */
export interface JudgingView {
  readonly check: string | null
  readonly numDone: number
  readonly numChecks: number
  readonly failure?: { readonly code: string; readonly detail: string }
}

/** GET /v1/tasks/:id/versions/:version/judgements */
export interface JudgementsView {
  /** Newest first. */
  readonly judgements: readonly JudgementView[]
  readonly judging: JudgingView | null
}

/** GET /v1/tasks/:id/versions/:version/report.json */
export interface ReportView extends SignedReport {
  readonly title: string
  readonly status: VersionStatus
  readonly weightsSha256: string
  readonly looks: readonly ReportLook[]
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

/** One update of a round. */
export interface InspectedUpdateView {
  readonly deviceId: string
  readonly weight: number
  readonly norm: number
  readonly cosine: number | null
  readonly distance: number | null
  readonly distanceRank: number | null
  /** Null of what was not counted, and in rounds that are too small to tell. */
  readonly suspicion: number | null
  /** `accepted`, or the code it was refused with. */
  readonly verdict: string
  readonly isQuarantined: boolean
}

/** From here on an update is out of the line of its round; of honest ones about one in two hundred is. */
export const outOfLine = 3

/** GET /v1/tasks/:id/rounds/:number/inspection */
export interface InspectionView {
  /** The most suspicious first. */
  readonly updates: readonly InspectedUpdateView[]
}

/** GET /v1/session */
export interface SessionView {
  readonly signedIn: boolean
  readonly role?: string
  readonly name?: string
}
