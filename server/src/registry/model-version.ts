import type { Calibrator, DeviceId, EpochMs, GateReport, SignedReport } from '@panal/client-core'

/** What became of a version at the gate. `initial` is version 0; `candidate` has not been judged yet, or could not be. */
export type VersionStatus = 'initial' | 'candidate' | 'promoted' | 'held' | 'rejected' | 'unsound'

/** One version with its whole lineage. `unsound`: failed an integrity check; it becomes neither head nor champion. */
export interface ModelVersion {
  readonly taskId: string
  readonly version: number
  readonly parent: number | null
  readonly roundNumber: number | null
  readonly status: VersionStatus
  readonly weightsSha256: string
  readonly numBytes: number
  readonly optimizerSha256: string | null
  /** Of what the updates came to, where the task's rule goes on from it; null else. */
  readonly aggregateSha256: string | null
  readonly participants: readonly DeviceId[]
  readonly planHash: string
  readonly codeVersion: string
  /** SHA-256 over the participants' update digests and weights, in canonical order: what the version was made of. */
  readonly dataDigest: string
  readonly createdAt: EpochMs
  /** Of its newest judgement. */
  readonly evaluation: GateReport | null
  /** Part of the model that is served. Null: its answers are served as they are. */
  readonly calibrator: Calibrator | null
  /**
   * The weights that are served: those of `weightsSha256` with the calibrator in them. Null where there is none, or where
   * weights cannot hold it and whoever loads the model applies it. Training goes on from `weightsSha256`.
   */
  readonly servedSha256: string | null
  /** Set where it is a round without some of its devices; then no round made it, and `roundNumber` is null. */
  readonly replayOf: ReplayOf | null
}

/** Which round a version is a replay of, and without whom. */
export interface ReplayOf {
  readonly roundNumber: number
  readonly without: readonly DeviceId[]
}

/** What came of a judgement. `waiting`: the gate would promote it, and a second person has to approve. */
export type JudgementOutcome = 'promoted' | 'waiting' | 'held' | 'rejected'

/** One judgement of a version by the gate, and so one look at its gate set. */
export interface Judgement {
  readonly id: number
  readonly taskId: string
  readonly version: number
  /** `gate` at the end of a round; else who had it judged again. */
  readonly actor: string
  readonly verdict: GateReport['verdict']
  readonly outcome: JudgementOutcome
  readonly reason: string
  readonly at: EpochMs
  readonly gateSha256: string
}

export interface FullJudgement extends Judgement {
  /** In today's form. */
  readonly report: GateReport
  /** As it was written, in whatever form that was: the signature is of these words. */
  readonly signed: SignedReport
}

/** Judged, and neither served nor refused for it: more data, or another try, may tell. */
export const isHeld = ({ status, evaluation }: Pick<ModelVersion, 'status' | 'evaluation'>): boolean =>
  status === 'held' || (status === 'candidate' && evaluation !== null)

/** A replay that the gate has not judged yet: no round does. */
export const awaitsJudgement = ({ status, replayOf, evaluation }: ModelVersion): boolean =>
  replayOf !== null && status === 'candidate' && evaluation === null

/** One move of a pointer, and why. */
export interface PointerMove {
  readonly id: number
  readonly taskId: string
  readonly pointer: 'head' | 'champion' | 'anchor'
  readonly from: number | null
  readonly to: number
  readonly actor: string
  readonly reason: string
  readonly at: EpochMs
}
