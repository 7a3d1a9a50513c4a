import { PanalError, type GateReport, type ReportSignature } from '@panal/client-core'
import { sql } from 'kysely'
import type { Schema } from '../store/schema.ts'
import { query, type SyncQueries } from '../store/sync-query.ts'
import { claimOf } from './look-rows.ts'
import type { FullJudgement, Judgement } from './model-version.ts'
import { readReport } from './stored-report.ts'

/** What is written of a judgement beside its report. */
export interface NewJudgement extends Pick<Judgement, 'actor' | 'outcome' | 'reason' | 'at'> {
  readonly report: GateReport
  readonly signature: ReportSignature | null
}

/** The rows of `judgements`: written once, never changed. */
export class JudgementRows {
  readonly #db: SyncQueries

  constructor(db: SyncQueries) {
    this.#db = db
  }

  record({ report, signature, ...decided }: NewJudgement): Judgement {
    const { taskId, version, verdict } = report
    const accepted = claimOf(report)?.accepted
    const { gate } = report.datasetDigests
    const inserted = this.#db.first(
      query
        .insertInto('judgements')
        .values({
          task_id: taskId,
          version,
          ...decided,
          gate_sha256: gate,
          claim: accepted === undefined ? null : accepted ? 1 : 0,
          signature: signature === null ? null : JSON.stringify(signature),
          report: JSON.stringify(report),
        })
        .returning('id'),
    )
    return { id: inserted?.id ?? 0, taskId, version, ...decided, verdict, gateSha256: gate }
  }

  /** Of one version, newest first. */
  list(taskId: string, version: number): Judgement[] {
    const rows = this.#db.all(
      query
        .selectFrom('judgements')
        .select(['id', 'task_id', 'version', 'actor', 'outcome', 'reason', 'at', 'gate_sha256'])
        .select(sql<GateReport['verdict']>`json_extract(report, '$.verdict')`.as('verdict'))
        .where('task_id', '=', taskId)
        .where('version', '=', version)
        .orderBy('id', 'desc'),
    )
    return rows.map(({ verdict, ...row }) => fromRow(row, verdict))
  }

  /** The newest, or the one with this id. @throws PanalError 'not-found' where this version has none with the id */
  find(taskId: string, version: number, id?: number): FullJudgement | undefined {
    const select = query
      .selectFrom('judgements')
      .selectAll()
      .where('task_id', '=', taskId)
      .where('version', '=', version)
    const row = this.#db.first(id === undefined ? select.orderBy('id', 'desc').limit(1) : select.where('id', '=', id))
    if (row === undefined && id !== undefined)
      throw new PanalError('not-found', `version ${version} has no such judgement`)
    if (row === undefined) return undefined
    const report = readReport(row.report)
    return {
      ...fromRow(row, report.verdict),
      report,
      // Written by `record` and by nothing else.
      signed: {
        report: JSON.parse(row.report) as GateReport,
        signature: row.signature === null ? null : (JSON.parse(row.signature) as ReportSignature),
      },
    }
  }
}

type Row = Omit<Schema['judgements'], 'id' | 'report' | 'signature' | 'claim'> & { readonly id: number }

const fromRow = (row: Row, verdict: GateReport['verdict']): Judgement => ({
  id: row.id,
  taskId: row.task_id,
  version: row.version,
  actor: row.actor,
  outcome: row.outcome,
  reason: row.reason,
  at: row.at,
  verdict,
  gateSha256: row.gate_sha256,
})
