import { PanalError, type EpochMs } from '@panal/client-core'
import type { StoreDeps } from '../auth/accounts.ts'
import type { Identity } from '../auth/identity.ts'
import { readRole, roleAllows } from '../auth/role.ts'
import type { Selectable } from 'kysely'
import type { Schema } from '../store/schema.ts'
import { query } from '../store/sync-query.ts'

/** A request that nobody has decided by then is over: whoever still wants the move asks again. */
export const requestMs = 7 * 24 * 3_600_000

/**
 * A move of the champion that one person has asked for. `overtaken`: the champion has moved since; `lapsed`: whoever asked
 * has been disabled since, or may not ask any more.
 */
export interface MoveRequest {
  readonly id: number
  readonly taskId: string
  readonly move: 'promote' | 'roll-back'
  /** The version that is to be the champion. */
  readonly version: number
  /** The champion when it was asked for. */
  readonly champion: number | null
  readonly reason: string
  /** Asked for also if the gate rejects the version. */
  readonly againstGate: boolean
  readonly askedBy: string
  readonly askedAt: EpochMs
  readonly expiresAt: EpochMs
  readonly state: 'waiting' | 'approved' | 'refused' | 'expired' | 'overtaken' | 'lapsed'
  readonly decidedBy: string | null
  readonly decidedAt: EpochMs | null
}

/** `againstGate`: absent is false. */
export type Wanted = Pick<MoveRequest, 'taskId' | 'move' | 'version' | 'reason'> &
  Partial<Pick<MoveRequest, 'againstGate'>>

type Row = Selectable<Schema['move_requests']>

interface Deps extends StoreDeps {
  /** Which version of a task is the champion now. */
  readonly champion: (taskId: string) => number | null
}

/** The two-person rule: what one asks for, another approves. */
export class MoveRequests {
  readonly #deps: Deps

  constructor(deps: Deps) {
    this.#deps = deps
  }

  ask(wanted: Wanted, by: Identity): MoveRequest {
    const { db, clock, audit, champion } = this.#deps
    return db.transaction(() => {
      const now = clock.now()
      const { taskId, move, version, reason, againstGate = false } = wanted
      const inserted = db.first(
        query
          .insertInto('move_requests')
          .values({
            task_id: taskId,
            move,
            version,
            champion: champion(taskId),
            reason,
            against_gate: Number(againstGate),
            asked_by: by.accountId,
            asked_as: by.name,
            asked_at: now,
            expires_at: now + requestMs,
            state: 'waiting',
            decided_as: null,
            decided_at: null,
          })
          .returning('id'),
      )
      const id = inserted?.id ?? 0
      const detail = { request: id, taskId, move, version, reason, ...(againstGate && { againstGate }) }
      audit.append({ actor: by.name, action: 'move-asked', detail })
      return this.get(taskId, id)
    })
  }

  /** Newest first. */
  list(taskId: string, { limit = 50, before }: { limit?: number; before?: number } = {}): MoveRequest[] {
    let select = query.selectFrom('move_requests').selectAll().where('task_id', '=', taskId).orderBy('id', 'desc')
    if (before !== undefined) select = select.where('id', '<', before)
    return this.#deps.db.all(select.limit(limit)).map((row) => this.#read(row))
  }

  /** @throws PanalError 'not-found' */
  get(taskId: string, id: number): MoveRequest {
    return this.#read(this.#row(taskId, id))
  }

  /**
   * Approved by somebody else than whoever asked. Call it in the transaction that moves the champion, before it moves.
   * @throws PanalError 'same-person' | 'forbidden' for a machine | 'request-over' | 'not-found'
   */
  approve(taskId: string, id: number, by: Identity): void {
    this.#deps.db.transaction(() => {
      const row = this.#waiting(taskId, id)
      // A machine's token shows that somebody has a file, and not who: it may ask, and never be the second person.
      if (by.accountId === null)
        throw new PanalError('forbidden', 'a machine’s token cannot approve: sign in as a person')
      if (row.asked_by === by.accountId) throw new PanalError('same-person')
      this.#decide(row, 'approved', by)
    })
  }

  /** By anybody who may ask, also by whoever did: so a request is taken back. @throws PanalError 'request-over' | 'not-found' */
  refuse(taskId: string, id: number, by: Identity): MoveRequest {
    return this.#deps.db.transaction(() => {
      this.#decide(this.#waiting(taskId, id), 'refused', by)
      return this.get(taskId, id)
    })
  }

  #waiting(taskId: string, id: number): Row {
    const row = this.#row(taskId, id)
    const { state } = this.#read(row)
    if (state !== 'waiting') throw new PanalError('request-over', `this request is ${state}`)
    return row
  }

  #decide({ id, task_id: taskId, move, version, asked_as }: Row, state: 'approved' | 'refused', by: Identity): void {
    const { db, clock, audit } = this.#deps
    const decided = { state, decided_as: by.name, decided_at: clock.now() }
    db.run(query.updateTable('move_requests').set(decided).where('id', '=', id))
    const detail = { request: id, taskId, move, version, askedBy: asked_as }
    audit.append({ actor: by.name, action: `move-${state}`, detail })
  }

  #row(taskId: string, id: number) {
    const select = query.selectFrom('move_requests').selectAll().where('task_id', '=', taskId).where('id', '=', id)
    const row = this.#deps.db.first(select)
    if (row === undefined) throw new PanalError('not-found', 'there is no such request')
    return row
  }

  #read(row: Row): MoveRequest {
    return {
      id: row.id,
      taskId: row.task_id,
      move: row.move,
      version: row.version,
      champion: row.champion,
      reason: row.reason,
      againstGate: row.against_gate === 1,
      askedBy: row.asked_as,
      askedAt: row.asked_at,
      expiresAt: row.expires_at,
      state: this.#stateOf(row),
      decidedBy: row.decided_as,
      decidedAt: row.decided_at,
    }
  }

  #stateOf(row: Row): MoveRequest['state'] {
    const { champion, clock } = this.#deps
    if (row.state !== 'waiting') return row.state
    if (row.expires_at <= clock.now()) return 'expired'
    if (champion(row.task_id) !== row.champion) return 'overtaken'
    return row.asked_by === null || this.#mayAsk(row.asked_by) ? 'waiting' : 'lapsed'
  }

  #mayAsk(accountId: string): boolean {
    const select = query.selectFrom('accounts').select(['role', 'disabled_at']).where('id', '=', accountId)
    const account = this.#deps.db.first(select)
    return account?.disabled_at === null && roleAllows(readRole(account.role), 'operator')
  }
}
