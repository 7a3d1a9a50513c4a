import {
  PanalError,
  type Clock,
  type GateReport,
  type Params,
  type Pointers,
  type ReportLook,
  type RoundSummary,
  type SignedReport,
} from '@panal/client-core'
import type { AuditLog } from '../audit/audit-log.ts'
import { failpoint } from '../failpoint.ts'
import type { ServerKeys } from '../keys/server-keys.ts'
import { advance, type AggregatingRound, type ClosedRound, type GatingRound, type Round } from '../round/state.ts'
import { countedUpdates } from '../round/update-source.ts'
import { recordBlob } from '../store/blob-rows.ts'
import type { BlobStore } from '../store/blobs.ts'
import { bytesToParams, paramsToBytes } from '../store/params-bytes.ts'
import type { BlobKind } from '../store/schema.ts'
import { query, type SyncQueries } from '../store/sync-query.ts'
import type { ModelVersion, PointerMove } from './model-version.ts'
import { LookRows, type Look } from './look-rows.ts'
import { PointerRows } from './pointer-rows.ts'
import type { Decision, Registry } from './registry.ts'
import { RoundRows } from './round-rows.ts'
import { servedModel, type ModelShape } from './served-model.ts'
import type { Task } from './task.ts'
import { dataDigest, SqlUpdateLog } from './updates.ts'
import { concluded, mayBeAnchor, settle } from './settle.ts'
import { signReport } from './sign-report.ts'
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

/** Digest of a version that no update went into. */
const noData = dataDigest([])

/** Versions, pointers and rounds as rows, weights as blobs: a blob is durable before the row that names it. */
export class SqlRegistry implements Registry {
  readonly #deps: RegistryDeps
  readonly #versions: VersionRows
  readonly #pointers: PointerRows
  readonly #rounds: RoundRows
  readonly #looks: LookRows

  constructor(deps: RegistryDeps) {
    this.#deps = deps
    this.#versions = new VersionRows(deps.db)
    this.#pointers = new PointerRows(deps.db)
    this.#rounds = new RoundRows(deps.db)
    this.#looks = new LookRows(deps.db)
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

  signedReport(taskId: string, version: number): SignedReport | undefined {
    return this.#versions.signedReport(taskId, version)
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

  async propose(
    round: AggregatingRound,
    candidate: { params: Params; optimizerState: Params },
    summary: Partial<RoundSummary>,
  ): Promise<GatingRound> {
    const earlier = this.#saved(round).round
    if (earlier.phase === 'gating') return earlier
    const weights = await this.#store(candidate.params)
    const optimizer = candidate.optimizerState.length === 0 ? null : await this.#store(candidate.optimizerState)
    failpoint('after-blob')
    const gating = this.#deps.db.transaction(() => {
      const { taskId } = round
      const version = this.#versions.next(taskId)
      const gating = advance(round, { type: 'aggregated', candidateVersion: version, at: this.#deps.clock.now() })
      if (gating.phase !== 'gating') throw new Error(`round ${round.number} of ${taskId} is ${gating.phase}`)
      this.#insert({
        ...this.#lineage(taskId, version, round.planHash),
        parent: round.baseVersion,
        roundNumber: round.number,
        weightsSha256: weights,
        numBytes: candidate.params.byteLength,
        optimizerSha256: optimizer,
        participants: round.participants,
        dataDigest: dataDigest(countedUpdates(new SqlUpdateLog(this.#deps.db), round)),
      })
      if (optimizer !== null) this.#record(optimizer, 'optimizer', candidate.optimizerState.byteLength)
      const seen = { ...this.#saved(round).summary, ...summary }
      this.#rounds.save(gating, { ...seen, phase: 'gating', candidateVersion: version })
      failpoint('before-commit')
      return gating
    })
    failpoint('after-commit')
    return gating
  }

  async conclude(round: GatingRound, report: GateReport, model: ModelShape): Promise<ClosedRound> {
    const trained = () => this.params(round.taskId, round.candidateVersion)
    const { calibrator, params } = await servedModel(report, model, trained)
    const servedSha256 = params === null ? null : await this.#store(params)
    const closed = this.#deps.db.transaction(() => {
      const { audit, clock, keys } = this.#deps
      const saved = this.#saved(round)
      if (saved.round.phase === 'closed') return saved.round
      const { taskId, candidateVersion: to } = round
      const { champion, anchor } = this.pointers(taskId)
      const { outcome, status, reason } = settle(report, champion)
      const signature = signReport(report, { ...this.version(taskId, to), servedSha256 }, keys)
      const at = clock.now()
      const closed = advance(round, { type: 'gated', outcome, reason, at })
      if (closed.phase !== 'closed') throw new Error(`round ${round.number} of ${taskId} is ${closed.phase}`)
      this.#versions.conclude(taskId, to, { status, evaluation: report, calibrator, servedSha256, signature })
      if (servedSha256 !== null && params !== null) this.#record(servedSha256, 'weights', params.byteLength)
      const move = { taskId, to, actor: 'gate', reason, at }
      if (report.sound) this.#pointers.move({ ...move, pointer: 'head' })
      if (outcome === 'promoted') this.#pointers.move({ ...move, pointer: 'champion' })
      if (outcome === 'promoted' && mayBeAnchor(report, anchor)) this.#pointers.move({ ...move, pointer: 'anchor' })
      this.#looks.record(report, at)
      this.#rounds.save(closed, concluded(saved.summary, closed, report))
      const detail = { taskId, version: to, round: round.number, verdict: report.verdict, outcome, reason }
      audit.append({ actor: 'gate', action: 'gated', detail })
      if (outcome === 'promoted') failpoint('before-promote')
      return closed
    })
    if (closed.outcome === 'promoted') failpoint('after-promote')
    return closed
  }

  promote(decision: Decision & { readonly version: number }): Promise<Pointers> {
    return this.#transact(() => {
      this.requirePromotable(decision.taskId, decision.version)
      return this.#decide('promoted', decision)
    })
  }

  rollBack(decision: Decision & { readonly version?: number }): Promise<Pointers> {
    return this.#transact(() => {
      const version = this.rollBackTarget(decision.taskId, decision.version)
      return this.#decide('rolled-back', { ...decision, version })
    })
  }

  requirePromotable(taskId: string, version: number): void {
    const { status } = this.version(taskId, version)
    if (status === 'unsound') throw new PanalError('not-promotable')
    if (status === 'candidate') throw new PanalError('not-promotable', 'the gate has not judged this version yet')
  }

  rollBackTarget(taskId: string, wanted?: number): number {
    const earlier = this.#pointers.championHistory(taskId).slice(0, -1)
    const version = wanted ?? earlier.at(-1)
    if (version === undefined) throw new PanalError('nothing-to-roll-back')
    if (!earlier.includes(version))
      throw new PanalError('nothing-to-roll-back', `version ${version} is no earlier champion; promote it instead`)
    return version
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

  /** Champion moved by a person: with a reason, and with a row in the audit log. */
  #decide(action: 'promoted' | 'rolled-back', decision: Decision & { version: number }): Pointers {
    const { taskId, version, actor, reason } = decision
    if (reason.trim() === '') throw new PanalError('bad-request', 'a reason is needed')
    decision.alongside?.()
    const { champion } = this.pointers(taskId)
    if (champion === version) return this.pointers(taskId)
    this.#pointers.move({ taskId, pointer: 'champion', to: version, actor, reason, at: this.#deps.clock.now() })
    this.#deps.audit.append({ actor, action, detail: { taskId, version, previous: champion, reason } })
    return this.pointers(taskId)
  }

  #insert(version: ModelVersion): void {
    this.#versions.insert(version)
    this.#record(version.weightsSha256, 'weights', version.numBytes)
  }

  #record(sha256: string, kind: BlobKind, numBytes: number): void {
    recordBlob(this.#deps.db, { sha256, kind, numBytes, at: this.#deps.clock.now() })
  }

  /** What every new version has in common. */
  #lineage(taskId: string, version: number, planHash: string) {
    return {
      taskId,
      version,
      planHash,
      parent: null,
      roundNumber: null,
      status: 'candidate' as const,
      optimizerSha256: null,
      participants: [],
      codeVersion: this.#deps.codeVersion,
      dataDigest: noData,
      createdAt: this.#deps.clock.now(),
      evaluation: null,
      calibrator: null,
      servedSha256: null,
    }
  }

  #saved({ taskId, number }: Round): { round: Round; summary: RoundSummary } {
    const saved = this.#rounds.find(taskId, number)
    if (saved === undefined) throw new Error(`round ${number} of ${taskId} was never saved`)
    return saved
  }

  /** A refusal inside rejects the promise. */
  #transact<Result>(work: () => Result): Promise<Result> {
    return new Promise((resolve) => resolve(this.#deps.db.transaction(work)))
  }

  #store(params: Params): Promise<string> {
    return this.#deps.blobs.put(paramsToBytes(params))
  }
}
