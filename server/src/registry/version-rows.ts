import { PanalError, type Calibrator } from '@panal/client-core'
import type { Schema } from '../store/schema.ts'
import { query, type SyncQueries } from '../store/sync-query.ts'
import type { ModelVersion, ReplayOf, VersionStatus } from './model-version.ts'
import { readReport } from './stored-report.ts'

/** What a judgement changes of a version. */
export type JudgedVersion = Pick<ModelVersion, 'status' | 'calibrator' | 'servedSha256'>

/** A row with the newest report of the version. */
type JudgedRow = Schema['versions'] & { readonly report: string | null }

/** The rows of `versions`: written once, and once more whenever the gate has judged. */
export class VersionRows {
  readonly #db: SyncQueries

  constructor(db: SyncQueries) {
    this.#db = db
  }

  insert(version: ModelVersion): void {
    this.#db.run(query.insertInto('versions').values(toRow(version)))
  }

  conclude(taskId: string, version: number, { status, calibrator, servedSha256 }: JudgedVersion): void {
    this.#db.run(
      query
        .updateTable('versions')
        .set({
          status,
          calibrator: calibrator === null ? null : JSON.stringify(calibrator),
          served_sha256: servedSha256,
        })
        .where('task_id', '=', taskId)
        .where('version', '=', version),
    )
  }

  /** @throws PanalError 'unknown-version' */
  get(taskId: string, version: number): ModelVersion {
    const row = this.#db.first(selectTask(taskId).where('version', '=', version))
    if (row === undefined) throw new PanalError('unknown-version', `the task has no version ${version}`)
    return fromRow(row)
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

const selectTask = (taskId: string) =>
  query
    .selectFrom('versions')
    .selectAll()
    .select((eb) =>
      eb
        .selectFrom('judgements')
        .select('judgements.report')
        .whereRef('judgements.task_id', '=', 'versions.task_id')
        .whereRef('judgements.version', '=', 'versions.version')
        .orderBy('judgements.id', 'desc')
        .limit(1)
        .as('report'),
    )
    .where('task_id', '=', taskId)

const toRow = (version: ModelVersion): Schema['versions'] => ({
  task_id: version.taskId,
  version: version.version,
  parent: version.parent,
  round_number: version.roundNumber,
  status: version.status,
  weights_sha256: version.weightsSha256,
  num_bytes: version.numBytes,
  optimizer_sha256: version.optimizerSha256,
  aggregate_sha256: version.aggregateSha256,
  participants: JSON.stringify(version.participants),
  plan_hash: version.planHash,
  code_version: version.codeVersion,
  data_digest: version.dataDigest,
  created_at: version.createdAt,
  calibrator: version.calibrator === null ? null : JSON.stringify(version.calibrator),
  served_sha256: version.servedSha256,
  replay_of: version.replayOf === null ? null : JSON.stringify(version.replayOf),
})

// The JSON columns were written by `toRow` and `conclude` and by nothing else.
const fromRow = (row: JudgedRow): ModelVersion => ({
  taskId: row.task_id,
  version: row.version,
  parent: row.parent,
  roundNumber: row.round_number,
  status: row.status as VersionStatus,
  weightsSha256: row.weights_sha256,
  numBytes: row.num_bytes,
  optimizerSha256: row.optimizer_sha256,
  aggregateSha256: row.aggregate_sha256,
  participants: JSON.parse(row.participants) as string[],
  planHash: row.plan_hash,
  codeVersion: row.code_version,
  dataDigest: row.data_digest,
  createdAt: row.created_at,
  evaluation: row.report === null ? null : readReport(row.report),
  calibrator: row.calibrator === null ? null : (JSON.parse(row.calibrator) as Calibrator),
  servedSha256: row.served_sha256,
  replayOf: row.replay_of === null ? null : (JSON.parse(row.replay_of) as ReplayOf),
})
