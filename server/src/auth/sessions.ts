import { PanalError, type EpochMs } from '@panal/client-core'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Schema } from '../store/schema.ts'
import { query, type SyncQueries } from '../store/sync-query.ts'
import type { Account, StoreDeps } from './accounts.ts'
import type { Identity } from './identity.ts'
import { readRole } from './role.ts'
import { credentialId, hashSecret, makeSecret } from './secret.ts'

export type SignInMethod = Schema['sessions']['method']

/** A session as its owner sees it. */
export interface SessionInfo {
  readonly id: string
  readonly method: SignInMethod
  /** Where it was opened: IPv4 /24 or IPv6 /56. */
  readonly network: string
  readonly createdAt: EpochMs
  readonly seenAt: EpochMs
  readonly expiresAt: EpochMs
}

/** A session that was just opened: `secret` is for the cookie and nowhere else. */
export interface OpenedSession {
  readonly secret: string
  readonly expiresAt: EpochMs
  readonly account: Account
}

export interface SessionTimes {
  /** From sign-in to the end, whatever is done meanwhile. */
  readonly sessionMs: number
  /** Without a request. Exact to a minute, so that a session does not cost a disk write at each request. */
  readonly sessionIdleMs: number
}

/** Browsers in which somebody is signed in. Every sign-in makes a new one: an id that was known before opens nothing. */
export class Sessions {
  readonly #db: SyncQueries
  readonly #deps: StoreDeps
  readonly #audit: AuditLog
  readonly #times: SessionTimes

  constructor(deps: StoreDeps & { readonly times: SessionTimes }) {
    this.#db = deps.db
    this.#deps = deps
    this.#audit = deps.audit
    this.#times = deps.times
  }

  open(account: Account, method: SignInMethod, network: string): OpenedSession {
    const secret = makeSecret()
    const now = this.#deps.clock.now()
    const expiresAt = now + this.#times.sessionMs
    this.#db.transaction(() => {
      const row = { hash: hashSecret(secret), account_id: account.id, method, network }
      this.#db.run(
        query.insertInto('sessions').values({ ...row, created_at: now, seen_at: now, expires_at: expiresAt }),
      )
      this.#audit.append({ actor: account.name, action: 'signed-in', detail: { role: account.role, method } })
    })
    return { secret, expiresAt, account }
  }

  /** Undefined for anything unknown, expired, ended or disabled. The role is the account's of this moment. */
  identify(secret: string): Identity | undefined {
    // Found by its hash: how long the look-up takes says nothing about the secret.
    const row = this.#db.first(
      query
        .selectFrom('sessions')
        .innerJoin('accounts', 'accounts.id', 'sessions.account_id')
        .select(['sessions.hash', 'seen_at', 'expires_at', 'account_id', 'name', 'role', 'disabled_at'])
        .where('sessions.hash', '=', hashSecret(secret)),
    )
    const now = this.#deps.clock.now()
    if (row === undefined || row.disabled_at !== null || this.#isOver(row, now)) return undefined
    if (now - row.seen_at >= Math.min(60_000, this.#times.sessionIdleMs / 10))
      this.#db.run(query.updateTable('sessions').set({ seen_at: now }).where('hash', '=', row.hash))
    const { name, account_id: accountId } = row
    return { name, role: readRole(row.role), kind: 'session', credentialId: credentialId(row.hash), accountId }
  }

  /** Newest first. */
  list(accountId: string): SessionInfo[] {
    const now = this.#deps.clock.now()
    const all = query
      .selectFrom('sessions')
      .selectAll()
      .where('account_id', '=', accountId)
      .orderBy('created_at', 'desc')
    return this.#db
      .all(all)
      .filter((row) => !this.#isOver(row, now))
      .map((row) => ({
        id: credentialId(row.hash),
        method: row.method,
        network: row.network,
        createdAt: row.created_at,
        seenAt: row.seen_at,
        expiresAt: Math.min(row.expires_at, row.seen_at + this.#times.sessionIdleMs),
      }))
  }

  /** Signs out. Ending a session that is gone changes nothing. */
  end(secret: string): void {
    this.#db.run(query.deleteFrom('sessions').where('hash', '=', hashSecret(secret)))
  }

  /** @throws PanalError 'not-found' */
  endOne(accountId: string, id: string, actor: string): void {
    this.#db.transaction(() => {
      const row = this.#rows(accountId).find(({ hash }) => credentialId(hash) === id)
      if (row === undefined) throw new PanalError('not-found', 'there is no such session')
      this.#db.run(query.deleteFrom('sessions').where('hash', '=', row.hash))
      this.#audit.append({ actor, action: 'sessions-ended', detail: { numEnded: 1 } })
    })
  }

  /** All of a person's sessions but `keep`, if that is given. How many that were. */
  endAll(accountId: string, actor: string, keep?: string): number {
    return this.#db.transaction(() => {
      const ended = this.#rows(accountId).filter(({ hash }) => credentialId(hash) !== keep)
      for (const { hash } of ended) this.#db.run(query.deleteFrom('sessions').where('hash', '=', hash))
      if (ended.length > 0) this.#audit.append({ actor, action: 'sessions-ended', detail: { numEnded: ended.length } })
      return ended.length
    })
  }

  /** Forgets what has expired. */
  sweep(): void {
    const now = this.#deps.clock.now()
    const isOver = query
      .deleteFrom('sessions')
      .where((row) => row.or([row('expires_at', '<=', now), row('seen_at', '<=', now - this.#times.sessionIdleMs)]))
    this.#db.run(isOver)
  }

  #rows(accountId: string): { hash: string }[] {
    return this.#db.all(query.selectFrom('sessions').select('hash').where('account_id', '=', accountId))
  }

  #isOver({ seen_at, expires_at }: { seen_at: number; expires_at: number }, now: EpochMs): boolean {
    return expires_at <= now || seen_at + this.#times.sessionIdleMs <= now
  }
}
