import { PanalError, type Clock, type GateReport, type Params, type Pointers } from '@panal/client-core'
import type { AuditLog } from '../audit/audit-log.ts'
import type { ServerKeys } from '../keys/server-keys.ts'
import { recordBlob } from '../store/blob-rows.ts'
import type { BlobStore } from '../store/blobs.ts'
import { paramsToBytes } from '../store/params-bytes.ts'
import type { SyncQueries } from '../store/sync-query.ts'
import { JudgementRows } from './judgement-rows.ts'
import { awaitsJudgement, isHeld, type Judgement, type JudgementOutcome, type ModelVersion } from './model-version.ts'
import type { PointerRows } from './pointer-rows.ts'
import { servedModel, type ModelShape, type ServedModel } from './served-model.ts'
import { mayBeAnchor, settle } from './settle.ts'
import { signReport } from './sign-report.ts'
import type { VersionRows } from './version-rows.ts'

export interface JudgementsDeps {
  readonly db: SyncQueries
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly audit: AuditLog
  readonly keys?: Pick<ServerKeys, 'sign'>
  readonly versions: VersionRows
  readonly pointers: PointerRows
}

/** What is served of a judged version; its weights are durable. */
type Served = ServedModel & { readonly sha256: string | null }

/** A report with what follows from it. */
interface Decided {
  readonly report: GateReport
  readonly served: Served
  readonly status: ModelVersion['status']
  readonly outcome: JudgementOutcome
  readonly reason: string
  readonly actor: string
}

/** Who has a version judged again. */
export interface JudgedBy {
  readonly actor: string
  /** Under the two-person rule: asks for the promotion instead of making it, in the same transaction. */
  readonly ask?: (reason: string) => void
}

/** Writes reports down, with all that follows from them for the version, the champion and the anchor. */
export class Judgements {
  readonly rows: JudgementRows
  readonly #deps: JudgementsDeps

  constructor(deps: JudgementsDeps) {
    this.#deps = deps
    this.rows = new JudgementRows(deps.db)
  }

  /** What is served as this report says; weights that have its calibrator in them are stored before any row names them. */
  async serve(report: GateReport, model: ModelShape, trained: () => Promise<Params>): Promise<Served> {
    const served = await servedModel(report, model, trained)
    const sha256 = served.params === null ? null : await this.#deps.blobs.put(paramsToBytes(served.params))
    return { ...served, sha256 }
  }

  /** Report, status, what is served, champion and anchor. For a transaction that also tells the audit trail. */
  write({ report, served, status, outcome, reason, actor }: Decided, { anchor }: Pick<Pointers, 'anchor'>): Judgement {
    const { clock, db, keys, versions, pointers } = this.#deps
    const { taskId, version } = report
    const at = clock.now()
    const { calibrator, sha256: servedSha256, params } = served
    const signature = signReport(report, { ...versions.get(taskId, version), servedSha256 }, keys)
    versions.conclude(taskId, version, { status, calibrator, servedSha256 })
    if (servedSha256 !== null && params !== null)
      recordBlob(db, { sha256: servedSha256, kind: 'weights', numBytes: params.byteLength, at })
    const move = { taskId, to: version, actor: 'gate', reason, at }
    if (outcome === 'promoted') pointers.move({ ...move, pointer: 'champion' })
    if (outcome === 'promoted' && mayBeAnchor(report, anchor)) pointers.move({ ...move, pointer: 'anchor' })
    return this.rows.record({ report, signature, actor, outcome, reason, at })
  }

  /** @throws PanalError 'unknown-version' | 'not-held' */
  requireHeld(taskId: string, version: number): void {
    const found = this.#deps.versions.get(taskId, version)
    if (!isHeld(found) && !awaitsJudgement(found))
      throw new PanalError(
        'not-held',
        found.evaluation === null
          ? `the gate has not judged version ${version} yet`
          : `version ${version} is ${found.status}: only what the gate held can be judged again`,
      )
    if (this.#deps.pointers.read(taskId).champion === version)
      throw new PanalError('not-held', `version ${version} is the champion, and there is nothing to compare it with`)
  }

  /** Whether it is a replay of the very round whose version the next one would start from: nothing is built on that yet. */
  #standsFor(version: number, taskId: string, { head }: Pointers): boolean {
    const { replayOf } = this.#deps.versions.get(taskId, version)
    return replayOf !== null && this.#deps.versions.ofRound(taskId, replayOf.roundNumber)?.version === head
  }

  /** One more judgement of a version that was held, or a replay's first. Head stays where training has gone on. @throws as `requireHeld` does */
  async again(report: GateReport, served: Served, { actor, ask }: JudgedBy): Promise<Judgement> {
    const { db, audit, versions, pointers } = this.#deps
    return db.transaction(() => {
      const { taskId, version, verdict } = report
      this.requireHeld(taskId, version)
      const now = pointers.read(taskId)
      const { outcome, status, reason } = settle(report, now.champion)
      const waits = outcome === 'promoted' && ask !== undefined
      const judgement = this.write(
        {
          report,
          served,
          reason,
          actor,
          outcome: waits ? 'waiting' : outcome,
          // Where its soundness could not be found out, what was known before still holds.
          status: waits ? 'held' : status === 'candidate' ? versions.get(taskId, version).status : status,
        },
        now,
      )
      if (waits) ask(reason)
      if (report.sound && this.#standsFor(version, taskId, now))
        pointers.move({ taskId, pointer: 'head', to: version, actor: 'gate', reason, at: judgement.at })
      const detail = { taskId, version, judgement: judgement.id, verdict, outcome: judgement.outcome, reason }
      audit.append({ actor, action: 'judged-again', detail: { ...detail, gate: judgement.gateSha256 } })
      return judgement
    })
  }
}
