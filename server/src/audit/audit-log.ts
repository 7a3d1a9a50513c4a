import { setImmediate } from 'node:timers/promises'
import { canonicalJson, type Clock, type EpochMs } from '@panal/client-core'
import { sha256Of } from '../store/blob-files.ts'
import { query, type SyncQueries } from '../store/sync-query.ts'

/** Everything people and the gate do that changes what is served, or who may change it. */
export type AuditAction =
  | 'task-created'
  | 'task-paused'
  | 'task-resumed'
  | 'sets-changed'
  | 'gated'
  | 'judged-again'
  | 'promoted'
  | 'rolled-back'
  | 'dataset-added'
  | 'device-invited'
  | 'device-revoked'
  | 'device-quarantined'
  | 'device-released'
  | 'round-replayed'
  | 'key-rotated'
  | 'link-created'
  | 'signed-in'
  | 'sign-in-slowed'
  | 'sessions-ended'
  | 'token-created'
  | 'restored'
  | 'token-revoked'
  | 'account-created'
  | 'account-disabled'
  | 'account-enabled'
  | 'role-changed'
  | 'password-set'
  | 'move-asked'
  | 'move-approved'
  | 'move-refused'
  | 'emergency-roll-back'

export interface AuditEntry {
  /** From 1, without gaps. */
  readonly seq: number
  readonly at: EpochMs
  readonly actor: string
  readonly action: AuditAction
  readonly detail: Readonly<Record<string, unknown>>
  /** Hex SHA-256 of the previous hash (empty for the first row) followed by this row as RFC 8785 JSON without `hash`. */
  readonly hash: string
}

export type AuditVerdict =
  | { readonly ok: true; readonly numRows: number; readonly head: string }
  | { readonly ok: false; readonly seq: number; readonly detail: string }

interface Row {
  readonly seq: number
  readonly at: number
  readonly actor: string
  readonly action: string
  readonly detail: string
}

const chain = (previous: string, { seq, at, actor, action, detail }: Row): string =>
  sha256Of(previous + canonicalJson({ seq, at, actor, action, detail }))

/** Rows read at once while the chain is walked. */
const pageSize = 1000

/**
 * What was done, by whom and why, in rows that each seal all rows before them: altering, removing or inserting one
 * breaks the chain from there on. Rows cut off at the end show only against a head hash that was noted elsewhere.
 */
export class AuditLog {
  readonly #db: SyncQueries
  readonly #clock: Clock

  constructor(deps: { readonly db: SyncQueries; readonly clock: Clock }) {
    this.#db = deps.db
    this.#clock = deps.clock
  }

  /** Call it inside the transaction that makes the change: either both are durable or neither is. */
  append(entry: Pick<AuditEntry, 'actor' | 'action' | 'detail'>): void {
    this.#db.transaction(() => {
      const last = this.head()
      const row = {
        seq: last.seq + 1,
        at: this.#clock.now(),
        actor: entry.actor,
        action: entry.action,
        detail: canonicalJson(entry.detail),
      }
      this.#db.run(query.insertInto('audit').values({ ...row, hash: chain(last.hash, row) }))
    })
  }

  /** Number and hash of the newest row; 0 and '' before the first. Worth noting down outside. */
  head(): { seq: number; hash: string } {
    const newest = query.selectFrom('audit').select(['seq', 'hash']).orderBy('seq', 'desc').limit(1)
    return this.#db.first(newest) ?? { seq: 0, hash: '' }
  }

  /** Newest first. `before`: only rows of a smaller `seq`. */
  entries(options: { limit?: number; before?: number } = {}): AuditEntry[] {
    let select = query
      .selectFrom('audit')
      .selectAll()
      .orderBy('seq', 'desc')
      .limit(options.limit ?? 100)
    if (options.before !== undefined) select = select.where('seq', '<', options.before)
    return this.#db.all(select).map(entryOf)
  }

  /** Oldest first, all of them. Reads the whole trail. */
  ofAction(action: AuditAction): AuditEntry[] {
    const select = query.selectFrom('audit').selectAll().where('action', '=', action).orderBy('seq')
    return this.#db.all(select).map(entryOf)
  }

  /** Oldest first: the rows after `after`, at most 1,000. */
  page(after: number): AuditEntry[] {
    return this.#rowsAfter(after).map(entryOf)
  }

  /**
   * Walks the whole chain, as long as it is now, and names the first row that does not fit. Others go on meanwhile: it
   * holds the thread for 1,000 rows at a time.
   */
  async verify(): Promise<AuditVerdict> {
    const { seq: numRows } = this.head()
    let previous = { seq: 0, hash: '' }
    while (previous.seq < numRows) {
      const page = this.#rowsAfter(previous.seq).filter(({ seq }) => seq <= numRows)
      if (page.length === 0) return missing(previous.seq + 1)
      for (const row of page) {
        const expected = previous.seq + 1
        if (row.seq !== expected) return missing(expected)
        if (row.hash !== chain(previous.hash, row))
          return { ok: false, seq: row.seq, detail: `row ${row.seq}, or its hash, was altered` }
        previous = row
      }
      await setImmediate()
    }
    return { ok: true, numRows, head: previous.hash }
  }

  #rowsAfter(seq: number): (Row & { hash: string })[] {
    return this.#db.all(query.selectFrom('audit').selectAll().where('seq', '>', seq).orderBy('seq').limit(pageSize))
  }
}

const missing = (seq: number): AuditVerdict => ({ ok: false, seq, detail: `row ${seq} is missing` })

const entryOf = (row: Row & { hash: string }): AuditEntry => ({
  ...row,
  action: row.action as AuditAction,
  detail: JSON.parse(row.detail) as AuditEntry['detail'],
})
