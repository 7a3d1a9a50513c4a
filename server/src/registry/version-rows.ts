import {
  PanalError,
  type Calibrator,
  type GateReport,
  type ReportSignature,
  type SignedReport,
} from '@panal/client-core'
import type { Schema } from '../store/schema.ts'
import { query, type SyncQueries } from '../store/sync-query.ts'
import type { ModelVersion, VersionStatus } from './model-version.ts'
import { readReport } from './stored-report.ts'

/** What the gate adds to a version. */
export interface JudgedVersion extends Pick<ModelVersion, 'calibrator' | 'servedSha256'> {
  readonly status: VersionStatus
  readonly evaluation: GateReport
  readonly signature: ReportSignature | null
}

/** The rows of `versions`: written once, and once more when the gate has judged. */
export class VersionRows {
  readonly #db: SyncQueries

  constructor(db: SyncQueries) {
    this.#db = db
  }

  insert(version: ModelVersion): void {
    this.#db.run(query.insertInto('versions').values(toRow(version)))
  }

  conclude(taskId: string, version: number, judged: JudgedVersion): void {
    const { status, evaluation, calibrator, servedSha256, signature } = judged
    this.#db.run(
      query
        .updateTable('versions')
        .set({
          status,
          evaluation: JSON.stringify(evaluation),
          calibrator: calibrator === null ? null : JSON.stringify(calibrator),
          served_sha256: servedSha256,
          report_signature: signature === null ? null : JSON.stringify(signature),
        })
        .where('task_id', '=', taskId)
        .where('version', '=', version),
    )
  }

  /** @throws PanalError 'unknown-version' */
  get(taskId: string, version: number): ModelVersion {
    return fromRow(this.#row(taskId, version))
  }

  /**
   * The report of a version as it was written, in whatever form that was: a signature is of these words. Undefined where
   * it has not been judged. @throws PanalError 'unknown-version'
   */
  signedReport(taskId: string, version: number): SignedReport | undefined {
    const row = this.#row(taskId, version)
    if (row.evaluation === null) return undefined
    return {
      report: JSON.parse(row.evaluation) as GateReport,
      signature: row.report_signature === null ? null : (JSON.parse(row.report_signature) as ReportSignature),
    }
  }

  /** The one a round has made, if it has. */
  ofRound(taskId: string, roundNumber: number): ModelVersion | undefined {
    const row = this.#db.first(selectTask(taskId).where('round_number', '=', roundNumber))
    return row === undefined ? undefined : fromRow(row)
  }

  /** Newest first. */
  list(taskId: string, { limit = 100, before }: { limit?: number; before?: number }): ModelVersion[] {
    let select = selectTask(taskId).orderBy('version', 'desc').limit(limit)
    if (before !== undefined) select = select.where('version', '<', before)
    return this.#db.all(select).map(fromRow)
  }

  #row(taskId: string, version: number): Schema['versions'] {
    const row = this.#db.first(selectTask(taskId).where('version', '=', version))
    if (row === undefined) throw new PanalError('unknown-version', `the task has no version ${version}`)
    return row
  }

  /** The number the next version gets: one more than the highest, so that there are no gaps. */
  next(taskId: string): number {
    const newest = query
      .selectFrom('versions')
      .select('version')
      .where('task_id', '=', taskId)
      .orderBy('version', 'desc')
      .limit(1)
    return (this.#db.first(newest)?.version ?? -1) + 1
  }
}

const selectTask = (taskId: string) => query.selectFrom('versions').selectAll().where('task_id', '=', taskId)

const toRow = (version: ModelVersion): Schema['versions'] => ({
  task_id: version.taskId,
  version: version.version,
  parent: version.parent,
  round_number: version.roundNumber,
  status: version.status,
  weights_sha256: version.weightsSha256,
  num_bytes: version.numBytes,
  optimizer_sha256: version.optimizerSha256,
  participants: JSON.stringify(version.participants),
  plan_hash: version.planHash,
  code_version: version.codeVersion,
  data_digest: version.dataDigest,
  created_at: version.createdAt,
  evaluation: version.evaluation === null ? null : JSON.stringify(version.evaluation),
  calibrator: version.calibrator === null ? null : JSON.stringify(version.calibrator),
  served_sha256: version.servedSha256,
  // Made with the judgement.
  report_signature: null,
})

// The JSON columns were written by `toRow` and `conclude` and by nothing else.
const fromRow = (row: Schema['versions']): ModelVersion => ({
  taskId: row.task_id,
  version: row.version,
  parent: row.parent,
  roundNumber: row.round_number,
  status: row.status as VersionStatus,
  weightsSha256: row.weights_sha256,
  numBytes: row.num_bytes,
  optimizerSha256: row.optimizer_sha256,
  participants: JSON.parse(row.participants) as string[],
  planHash: row.plan_hash,
  codeVersion: row.code_version,
  dataDigest: row.data_digest,
  createdAt: row.created_at,
  evaluation: row.evaluation === null ? null : readReport(row.evaluation),
  calibrator: row.calibrator === null ? null : (JSON.parse(row.calibrator) as Calibrator),
  servedSha256: row.served_sha256,
})
