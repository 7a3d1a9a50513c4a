import type { GateReport, GateVerdict, ReportLook } from '@panal/client-core'
import { sql } from 'kysely'
import type { LookLedger } from '../gate/contract.ts'
import { query, type SyncQueries } from '../store/sync-query.ts'

/** One judgement by a gate set. */
export interface Look {
  readonly taskId: string
  readonly version: number
  readonly at: number
  /** Whether the claim to be better than the anchor was accepted; null where none was made. */
  readonly claim: boolean | null
}

/** The claim that a report makes, if it makes one. */
export const claimOf = ({ checks }: GateReport) => checks.find(({ claim }) => claim !== undefined)?.claim

/** The ledger of looks at gate sets: a row for each judgement, whatever came of it. */
export class LookRows {
  readonly #db: SyncQueries

  constructor(db: SyncQueries) {
    this.#db = db
  }

  record(report: GateReport, at: number): void {
    const accepted = claimOf(report)?.accepted
    this.#db.run(
      query.insertInto('gate_looks').values({
        gate_sha256: report.datasetDigests.gate,
        task_id: report.taskId,
        version: report.version,
        at,
        claim: accepted === undefined ? null : accepted ? 1 : 0,
      }),
    )
  }

  /** Oldest first, of every task that judges by this set. */
  of(gateSha256: string): Look[] {
    const rows = this.#db.all(
      query
        .selectFrom('gate_looks')
        .select(['task_id', 'version', 'at', 'claim'])
        .where('gate_sha256', '=', gateSha256)
        .orderBy('id'),
    )
    return rows.map(({ task_id: taskId, version, at, claim }) => ({
      taskId,
      version,
      at,
      claim: claim === null ? null : claim === 1,
    }))
  }

  /** The newest, oldest first, with the verdict that their version has now. */
  history(gateSha256: string, limit = 1000): ReportLook[] {
    const rows = this.#db.all(
      query
        .selectFrom('gate_looks as look')
        .innerJoin('versions as judged', (join) =>
          join.onRef('judged.task_id', '=', 'look.task_id').onRef('judged.version', '=', 'look.version'),
        )
        .select(['look.task_id', 'look.version', 'look.at'])
        .select(sql<GateVerdict | null>`json_extract(judged.evaluation, '$.verdict')`.as('verdict'))
        .where('look.gate_sha256', '=', gateSha256)
        .orderBy('look.id', 'desc')
        .limit(limit),
    )
    return rows
      .map(({ task_id: taskId, version, at, verdict }) => ({
        taskId,
        version,
        at,
        ...(verdict !== null && { verdict }),
      }))
      .reverse()
  }
}

/** What the checks are told of the looks. */
export const ledgerOf = (looks: readonly Look[]): LookLedger => ({
  numLooks: looks.length,
  claims: looks.flatMap(({ claim }) => claim ?? []),
})
