import type { DeviceId, GateReport, Params, Pointers, ReportLook, RoundSummary } from '@panal/client-core'
import type { Candidate } from '../round/candidate.ts'
import type { AggregatingRound, ClosedRound, GatingRound, Round } from '../round/state.ts'
import type { JudgedBy } from './judgements.ts'
import type { Look } from './look-rows.ts'
import type { ModelShape } from './served-model.ts'
import type { Task } from './task.ts'
import type { FullJudgement, Judgement, ModelVersion, PointerMove } from './model-version.ts'

/** What is decided about a champion by a person. `alongside` writes in the same transaction, before the move. */
export interface Decision {
  readonly taskId: string
  readonly actor: string
  readonly reason: string
  readonly alongside?: () => void
}

export interface Promotion extends Decision {
  readonly version: number
  /** Said by a person who knows that the gate rejected it. */
  readonly againstGate?: boolean
}

/** What a round would have come to, and who wants to keep it. */
export interface SavedReplay {
  readonly round: ClosedRound
  readonly candidate: Candidate
  readonly without: readonly DeviceId[]
  readonly actor: string
  readonly reason: string
}

/** Model versions, their lineage and the three pointers. Every method that writes is one durable transaction. */
export interface Registry {
  /** Version 0 from the initial weights, head = 0. @throws PanalError 'task-exists' */
  createTask(task: Task, initial: Params, actor: string): Promise<void>
  pointers(taskId: string): Pointers
  /** @throws PanalError 'unknown-version' */
  version(taskId: string, version: number): ModelVersion
  versions(taskId: string, options?: { limit?: number; before?: number }): ModelVersion[]
  /** Every judgement of a version, newest first. @throws PanalError 'unknown-version' */
  judgements(taskId: string, version: number): Judgement[]
  /**
   * One judgement with its report: the newest, or the one with this id. Undefined where the gate has not judged.
   * @throws PanalError 'unknown-version' | 'not-found' for an id of no judgement of this version
   */
  judgement(taskId: string, version: number, id?: number): FullJudgement | undefined
  /** Every judgement by this gate set, oldest first. */
  looks(gateSha256: string): Look[]
  /** The same with their verdicts, for people: the newest 1,000. */
  lookHistory(gateSha256: string): ReportLook[]
  /** Newest first. */
  moves(taskId: string, options?: { limit?: number; before?: number }): PointerMove[]
  params(taskId: string, version: number): Promise<Params>
  /** State the server optimizer left with this version; the optimizer's `init` where there is none. */
  optimizerState(task: Task, version: number): Promise<Params>
  /** [size] What the updates came to that made this version; null where that was not kept. */
  aggregate(taskId: string, version: number): Promise<Params | null>
  /**
   * L2 norms, each by what its update was discounted for its staleness, of all updates that this version and those before it
   * in its line were made of: of `numRounds` rounds at most, the newest first, in each by device id.
   */
  earlierNorms(task: Task, version: number, numRounds: number): Promise<readonly number[]>
  /** Weights as a blob, then version row and round state in one transaction. Entering again after a crash gives the same version. */
  propose(round: AggregatingRound, candidate: Candidate, summary: Partial<RoundSummary>): Promise<GatingRound>
  /**
   * Report, look at the gate set, status, head (if sound), champion (if promoted), anchor (if promoted, and the first
   * champion or accepted as better than the anchor), round state, audit row: one transaction. Before it, the weights that
   * are served, where the report has a calibrator that weights can hold.
   */
  conclude(round: GatingRound, report: GateReport, model: ModelShape): Promise<ClosedRound>
  /**
   * A closed round's outcome without some of its devices as a version like any other: its parent is the round's base, no
   * pointer rests on it, and the gate has yet to judge it. Weights as blobs, then version and audit row in one transaction.
   */
  saveReplay(replay: SavedReplay): Promise<number>
  /** Whether a version may be judged again: the gate held it, or it is a replay that was not judged. @throws PanalError 'unknown-version' | 'not-held' */
  requireHeld(taskId: string, version: number): void
  /**
   * The same as `conclude` for a version that was held and judged again, but for head and round, which have gone on; by
   * the same rule, so a report on another champion than there is now promotes nothing. Earlier reports stay.
   * @throws PanalError 'unknown-version' | 'not-held'
   */
  judgedAgain(report: GateReport, model: ModelShape, by: JudgedBy): Promise<Judgement>
  /** @throws PanalError 'unknown-version' | 'not-promotable' | 'gate-rejected' */
  promote(promotion: Promotion): Promise<Pointers>
  /** Back to the champion before the present one, or to `version`. @throws PanalError 'nothing-to-roll-back' */
  rollBack(decision: Decision & { readonly version?: number }): Promise<Pointers>
  /** The version that a roll back, or a roll back to `version`, would go to. @throws PanalError 'nothing-to-roll-back' */
  rollBackTarget(taskId: string, version?: number): number
  /** Whether a person may promote this version. @throws as `promote` does */
  requirePromotable(taskId: string, version: number, againstGate?: boolean): void
  /** A round as it stands; `alongside` writes in the same transaction. */
  saveRound(round: Round, summary: RoundSummary, alongside?: () => void): void
  openRounds(taskId: string): Round[]
  lastRoundNumber(taskId: string): number
  round(taskId: string, number: number): Round | undefined
  roundSummary(taskId: string, number: number): RoundSummary | undefined
  roundSummaries(taskId: string, options?: { limit?: number; before?: number }): RoundSummary[]
}
