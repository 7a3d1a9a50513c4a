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

/** The ledger of looks at gate sets: every judgement is one, whatever came of it. */
export class LookRows {
  readonly #db: SyncQueries

  constructor(db: SyncQueries) {
    this.#db = db
  }

  /** Oldest first, of every task that judges by this set. */
  of(gateSha256: string): Look[] {
    const rows = this.#db.all(
      query
        .selectFrom('judgements')
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

  /** The newest, oldest first, each with its own verdict. */
  history(gateSha256: string, limit = 1000): ReportLook[] {
    const rows = this.#db.all(
      query
        .selectFrom('judgements')
        .select(['task_id', 'version', 'at'])
        .select(sql<GateVerdict>`json_extract(report, '$.verdict')`.as('verdict'))
        .where('gate_sha256', '=', gateSha256)
        .orderBy('id', 'desc')
        .limit(limit),
    )
    return rows.map(({ task_id: taskId, version, at, verdict }) => ({ taskId, version, at, verdict })).reverse()
  }
}

/** What the checks are told of the looks. */
export const ledgerOf = (looks: readonly Look[]): LookLedger => ({
  numLooks: looks.length,
  claims: looks.flatMap(({ claim }) => claim ?? []),
})
