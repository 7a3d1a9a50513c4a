import type { GateReport, GateVerdict, ReportLook } from '@panal/client-core'
import { sql, type ExpressionBuilder } from 'kysely'
import type { LookLedger } from '../gate/contract.ts'
import type { Schema } from '../store/schema.ts'
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

  /** Notes what is in a file: looks at files with the same examples count together. */
  noteContents(sha256: string, contentsSha256: string): void {
    this.#db.run(
      query
        .insertInto('set_contents')
        .values({ sha256, contents_sha256: contentsSha256 })
        .onConflict((conflict) => conflict.doNothing()),
    )
  }

  /** Whether it is noted what is in a file. */
  knowsContents(sha256: string): boolean {
    const select = query.selectFrom('set_contents').select('sha256').where('sha256', '=', sha256)
    return this.#db.first(select) !== undefined
  }

  /** Oldest first, of every task that judges by this set, or by another file of the same examples. */
  of(gateSha256: string): Look[] {
    const rows = this.#db.all(
      query
        .selectFrom('judgements')
        .select(['task_id', 'version', 'at', 'claim'])
        .where(isOf(gateSha256))
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
        .where(isOf(gateSha256))
        .orderBy('id', 'desc')
        .limit(limit),
    )
    return rows.map(({ task_id: taskId, version, at, verdict }) => ({ taskId, version, at, verdict })).reverse()
  }
}

const isOf = (gateSha256: string) => (eb: ExpressionBuilder<Schema, 'judgements'>) =>
  eb.or([
    eb('gate_sha256', '=', gateSha256),
    eb(
      'gate_sha256',
      'in',
      query
        .selectFrom('set_contents as own')
        .innerJoin('set_contents as alike', 'alike.contents_sha256', 'own.contents_sha256')
        .select('alike.sha256')
        .where('own.sha256', '=', gateSha256),
    ),
  ])

/** What the checks are told of the looks. */
export const ledgerOf = (looks: readonly Look[]): LookLedger => ({
  numLooks: looks.length,
  claims: looks.flatMap(({ claim }) => claim ?? []),
})
