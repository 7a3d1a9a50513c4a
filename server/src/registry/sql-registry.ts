import {
  PanalError,
  type Clock,
  type GateReport,
  type Params,
  type Pointers,
  type ReportLook,
  type RoundSummary,
} from '@panal/client-core'
import type { AuditLog } from '../audit/audit-log.ts'
import { failpoint } from '../failpoint.ts'
import type { ServerKeys } from '../keys/server-keys.ts'
import { advance, type AggregatingRound, type ClosedRound, type GatingRound, type Round } from '../round/state.ts'
import type { Candidate } from '../round/candidate.ts'
import { countedUpdates } from '../round/update-source.ts'
import { recordBlob } from '../store/blob-rows.ts'
import type { BlobStore } from '../store/blobs.ts'
import { bytesToParams, paramsToBytes } from '../store/params-bytes.ts'
import type { BlobKind } from '../store/schema.ts'
import { query, type SyncQueries } from '../store/sync-query.ts'
import { Champions } from './champions.ts'
import { earlierNormsOf } from './earlier-norms.ts'
import { Judgements, type JudgedBy } from './judgements.ts'
import type { FullJudgement, Judgement, ModelVersion, PointerMove } from './model-version.ts'
import { LookRows, type Look } from './look-rows.ts'
import { newVersion } from './new-version.ts'
import { PointerRows } from './pointer-rows.ts'
import type { Decision, Promotion, Registry, SavedReplay } from './registry.ts'
import { RoundRows } from './round-rows.ts'
import type { ModelShape } from './served-model.ts'
import type { Task } from './task.ts'
import { dataDigest, SqlUpdateLog } from './updates.ts'
import { concluded, settle } from './settle.ts'
import { storeCandidate } from './store-candidate.ts'
import { VersionRows } from './version-rows.ts'

export interface RegistryDeps {
  readonly db: SyncQueries
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly audit: AuditLog
  /** Version of this program: part of every model version's lineage. */
  readonly codeVersion: string
  /** Signs what the gate finds. Left out: reports are not signed, as where nothing is judged. */
  readonly keys?: Pick<ServerKeys, 'sign'>
}

/** Versions, pointers and rounds as rows, weights as blobs: a blob is durable before the row that names it. */
export class SqlRegistry implements Registry {
  readonly #deps: RegistryDeps
  readonly #versions: VersionRows
  readonly #pointers: PointerRows
  readonly #rounds: RoundRows
  readonly #looks: LookRows
  readonly #judgements: Judgements
  readonly #champions: Champions

  constructor(deps: RegistryDeps) {
    this.#deps = deps
    this.#versions = new VersionRows(deps.db)
    this.#pointers = new PointerRows(deps.db)
    this.#rounds = new RoundRows(deps.db)
    this.#looks = new LookRows(deps.db)
    const rows = { versions: this.#versions, pointers: this.#pointers }
    this.#judgements = new Judgements({ ...deps, ...rows })
    this.#champions = new Champions({ ...deps, ...rows })
  }

  async createTask(task: Task, initial: Params, actor: string): Promise<void> {
    const { db, audit, clock } = this.#deps
    const weights = await this.#store(initial)
    db.transaction(() => {
      if (db.first(query.selectFrom('tasks').select('id').where('id', '=', task.id)) !== undefined)
        throw new PanalError('task-exists', `a task with the id ${task.id} exists already`)
      const at = clock.now()
      const document = JSON.stringify(task.document)
      const row = { id: task.id, document, plan_hash: task.planHash, paused: 0 as const, created_at: at }
      db.run(query.insertInto('tasks').values(row))
      this.#insert({
        ...this.#lineage(task.id, 0, task.planHash),
        status: 'initial',
        weightsSha256: weights,
        numBytes: initial.byteLength,
      })
      this.#pointers.move({ taskId: task.id, pointer: 'head', to: 0, actor, reason: 'initial weights', at })
      audit.append({ actor, action: 'task-created', detail: { taskId: task.id, planHash: task.planHash } })
    })
  }

  pointers(taskId: string): Pointers {
    return this.#pointers.read(taskId)
  }

  version(taskId: string, version: number): ModelVersion {
    return this.#versions.get(taskId, version)
  }

  versions(taskId: string, options: { limit?: number; before?: number } = {}): ModelVersion[] {
    return this.#versions.list(taskId, options)
  }

  judgements(taskId: string, version: number): Judgement[] {
    this.version(taskId, version)
    return this.#judgements.rows.list(taskId, version)
  }

  judgement(taskId: string, version: number, id?: number): FullJudgement | undefined {
    this.version(taskId, version)
    return this.#judgements.rows.find(taskId, version, id)
  }

  looks(gateSha256: string): Look[] {
    return this.#looks.of(gateSha256)
  }

  lookHistory(gateSha256: string): ReportLook[] {
    return this.#looks.history(gateSha256)
  }

  moves(taskId: string, page: { limit?: number; before?: number } = {}): PointerMove[] {
    return this.#pointers.moves(taskId, page)
  }

  async params(taskId: string, version: number): Promise<Params> {
    return bytesToParams(await this.#deps.blobs.read(this.version(taskId, version).weightsSha256))
  }

  async optimizerState(task: Task, version: number): Promise<Params> {
    const { optimizerSha256 } = this.version(task.id, version)
    if (optimizerSha256 === null) return task.strategy.optimizer.init(task.layout.size)
    return bytesToParams(await this.#deps.blobs.read(optimizerSha256))
  }

  async aggregate(taskId: string, version: number): Promise<Params | null> {
    const { aggregateSha256 } = this.version(taskId, version)
    return aggregateSha256 === null ? null : bytesToParams(await this.#deps.blobs.read(aggregateSha256))
  }

  earlierNorms(task: Task, version: number, numRounds: number): Promise<number[]> {
    const deps = { log: new SqlUpdateLog(this.#deps.db), version: (of: number) => this.version(task.id, of) }
    return earlierNormsOf(task, { version, numRounds }, deps)
  }

  async propose(round: AggregatingRound, candidate: Candidate, summary: Partial<RoundSummary>): Promise<GatingRound> {
    const earlier = this.#saved(round).round
    if (earlier.phase === 'gating') return earlier
    const { named, besides } = await storeCandidate(candidate, this.#deps.blobs)
    failpoint('after-blob')
    const log = new SqlUpdateLog(this.#deps.db)
    const gating = this.#deps.db.transaction(() => {
      const { taskId } = round
      const version = this.#versions.next(taskId)
      const gating = advance(round, { type: 'aggregated', candidateVersion: version, at: this.#deps.clock.now() })
      if (gating.phase !== 'gating') throw new Error(`round ${round.number} of ${taskId} is ${gating.phase}`)
      this.#insert({
        ...this.#lineage(taskId, version, round.planHash),
        parent: round.baseVersion,
        roundNumber: round.number,
        ...named,
        participants: round.participants,
        dataDigest: dataDigest(countedUpdates(log, round)),
      })
      log.noteLikenesses(taskId, round.number, candidate.likenesses ?? [])
      for (const { sha256, kind, numBytes } of besides) this.#record(sha256, kind, numBytes)
      const seen = { ...this.#saved(round).summary, ...summary }
      this.#rounds.save(gating, { ...seen, phase: 'gating', candidateVersion: version })
      failpoint('before-commit')
      return gating
    })
    failpoint('after-commit')
    return gating
  }

  async saveReplay({ round, candidate, without, actor, reason }: SavedReplay): Promise<number> {
    const { db, audit } = this.#deps
    const { taskId, number: roundNumber } = round
    const { named, besides } = await storeCandidate(candidate, this.#deps.blobs)
    return db.transaction(() => {
      const version = this.#versions.next(taskId)
      const participants = round.participants.filter((deviceId) => !without.includes(deviceId))
      this.#insert({
        ...this.#lineage(taskId, version, round.planHash),
        parent: round.baseVersion,
        ...named,
        participants,
        dataDigest: dataDigest(countedUpdates(new SqlUpdateLog(db), { taskId, number: roundNumber, participants })),
        replayOf: { roundNumber, without },
      })
      for (const { sha256, kind, numBytes } of besides) this.#record(sha256, kind, numBytes)
      audit.append({
        actor,
        action: 'round-replayed',
        detail: { taskId, round: roundNumber, version, without, reason },
      })
      return version
    })
  }

  async conclude(round: GatingRound, report: GateReport, model: ModelShape): Promise<ClosedRound> {
    const { taskId, candidateVersion: version } = round
    const served = await this.#judgements.serve(report, model, () => this.params(taskId, version))
    const closed = this.#deps.db.transaction(() => {
      const { audit, clock } = this.#deps
      const saved = this.#saved(round)
      if (saved.round.phase === 'closed') return saved.round
      const now = this.pointers(taskId)
      const settled = settle(report, now.champion)
      const { outcome, reason } = settled
      const at = clock.now()
      const closed = advance(round, { type: 'gated', outcome, reason, at })
      if (closed.phase !== 'closed') throw new Error(`round ${round.number} of ${taskId} is ${closed.phase}`)
      if (report.sound) this.#pointers.move({ taskId, to: version, actor: 'gate', reason, at, pointer: 'head' })
      this.#judgements.write({ report, served, ...settled, actor: 'gate' }, now)
      this.#rounds.save(closed, concluded(saved.summary, closed, report))
      const detail = { taskId, version, round: round.number, verdict: report.verdict, outcome, reason }
      audit.append({ actor: 'gate', action: 'gated', detail })
      if (outcome === 'promoted') failpoint('before-promote')
      return closed
    })
    if (closed.outcome === 'promoted') failpoint('after-promote')
    return closed
  }

  requireHeld(taskId: string, version: number): void {
    this.#judgements.requireHeld(taskId, version)
  }

  async judgedAgain(report: GateReport, model: ModelShape, by: JudgedBy): Promise<Judgement> {
    const { taskId, version } = report
    const served = await this.#judgements.serve(report, model, () => this.params(taskId, version))
    return this.#judgements.again(report, served, by)
  }

  promote(promotion: Promotion): Promise<Pointers> {
    return this.#champions.promote(promotion)
  }

  rollBack(decision: Decision & { readonly version?: number }): Promise<Pointers> {
    return this.#champions.rollBack(decision)
  }

  requirePromotable(taskId: string, version: number, againstGate?: boolean): void {
    this.#champions.requirePromotable(taskId, version, againstGate)
  }

  rollBackTarget(taskId: string, wanted?: number): number {
    return this.#champions.rollBackTarget(taskId, wanted)
  }

  saveRound(round: Round, summary: RoundSummary, alongside?: () => void): void {
    this.#deps.db.transaction(() => {
      alongside?.()
      this.#rounds.save(round, summary)
    })
  }

  openRounds(taskId: string): Round[] {
    return this.#rounds.open(taskId)
  }

  lastRoundNumber(taskId: string): number {
    return this.#rounds.lastNumber(taskId)
  }

  round(taskId: string, number: number): Round | undefined {
    return this.#rounds.find(taskId, number)?.round
  }

  roundSummary(taskId: string, number: number): RoundSummary | undefined {
    return this.#rounds.find(taskId, number)?.summary
  }

  roundSummaries(taskId: string, options: { limit?: number; before?: number } = {}): RoundSummary[] {
    return this.#rounds.summaries(taskId, options)
  }

  #insert(version: ModelVersion): void {
    this.#versions.insert(version)
    this.#record(version.weightsSha256, 'weights', version.numBytes)
  }

  #record(sha256: string, kind: BlobKind, numBytes: number): void {
    recordBlob(this.#deps.db, { sha256, kind, numBytes, at: this.#deps.clock.now() })
  }

  #lineage(taskId: string, version: number, planHash: string) {
    const { codeVersion, clock } = this.#deps
    return newVersion({ taskId, version, planHash, codeVersion, createdAt: clock.now() })
  }

  #saved({ taskId, number }: Round): { round: Round; summary: RoundSummary } {
    const saved = this.#rounds.find(taskId, number)
    if (saved === undefined) throw new Error(`round ${number} of ${taskId} was never saved`)
    return saved
  }

  #store(params: Params): Promise<string> {
    return this.#deps.blobs.put(paramsToBytes(params))
  }
}
