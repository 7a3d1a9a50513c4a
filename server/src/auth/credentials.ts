import { PanalError, type Clock, type EpochMs } from '@panal/client-core'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Schema } from '../store/schema.ts'
import { query, type SyncQueries } from '../store/sync-query.ts'
import { isRole, type Role } from './role.ts'
import { hashSecret, makeSecret } from './secret.ts'

export const linkMs = 24 * 3_600_000
export const sessionMs = 12 * 3_600_000

/** Who a request comes from. `name` is what the audit log calls them. */
export interface Identity {
  readonly name: string
  readonly role: Role
  readonly kind: 'session' | 'token'
}

/** A secret as its owner gets it, once: only its hash is kept. */
export interface IssuedSecret {
  readonly secret: string
  readonly expiresAt: EpochMs | null
}

/** A credential as lists show it. `id` is the hash of its secret. */
export interface CredentialInfo {
  readonly id: string
  readonly kind: Schema['credentials']['kind']
  readonly name: string
  readonly role: Role
  readonly createdAt: EpochMs
  readonly expiresAt: EpochMs | null
  readonly usedAt: EpochMs | null
}

interface Grant {
  readonly name: string
  readonly role: Role
}

/** How people and programs sign in: one-time links become sessions, API tokens are shown at each request. */
export class Credentials {
  readonly #db: SyncQueries
  readonly #clock: Clock
  readonly #audit: AuditLog

  constructor(deps: { readonly db: SyncQueries; readonly clock: Clock; readonly audit: AuditLog }) {
    this.#db = deps.db
    this.#clock = deps.clock
    this.#audit = deps.audit
  }

  /** A one-time link's secret, good for 24 hours and one session. */
  createLink(grant: Grant, actor: string): IssuedSecret {
    return this.#db.transaction(() => {
      const issued = this.#issue('link', grant, this.#clock.now() + linkMs)
      this.#audit.append({ actor, action: 'link-created', detail: { ...grant } })
      return issued
    })
  }

  /** Turns a link into a session of 12 hours; a second use is refused. @throws PanalError 'link-used' */
  useLink(secret: string): IssuedSecret & Grant {
    return this.#db.transaction(() => {
      const hash = hashSecret(secret)
      const link = this.#find(hash)
      const now = this.#clock.now()
      if (link?.kind !== 'link' || link.usedAt !== null || isOver(link, now)) throw new PanalError('link-used')
      this.#db.run(query.updateTable('credentials').set({ used_at: now }).where('hash', '=', hash))
      const { name, role } = link
      this.#audit.append({ actor: name, action: 'signed-in', detail: { role } })
      return { ...this.#issue('session', { name, role }, now + sessionMs), name, role }
    })
  }

  /** A token for programs; without `expiresAt` it is good until it is revoked. */
  createToken(grant: Grant & { readonly expiresAt?: EpochMs }, actor: string): IssuedSecret {
    return this.#db.transaction(() => {
      const issued = this.#issue('token', grant, grant.expiresAt ?? null)
      this.#audit.append({ actor, action: 'token-created', detail: { name: grant.name, role: grant.role } })
      return issued
    })
  }

  /** Whose session or token this is; undefined for anything unknown, expired, revoked, or no session or token. */
  identify(secret: string): Identity | undefined {
    // Found by its hash: how long the look-up takes says nothing about the secret.
    const found = this.#find(hashSecret(secret))
    if (found === undefined || found.kind === 'link' || isOver(found, this.#clock.now())) return undefined
    return { name: found.name, role: found.role, kind: found.kind }
  }

  /** Signs a session out, or ends a token. Ending one that is gone changes nothing. */
  end(secret: string): void {
    this.#db.run(query.deleteFrom('credentials').where('hash', '=', hashSecret(secret)))
  }

  /** @throws PanalError 'not-found' */
  revoke(id: string, actor: string): void {
    this.#db.transaction(() => {
      const found = this.#find(id)
      if (found === undefined) throw new PanalError('not-found', 'there is no such credential')
      this.#db.run(query.deleteFrom('credentials').where('hash', '=', id))
      const { kind, name, role } = found
      this.#audit.append({ actor, action: 'credential-revoked', detail: { kind, name, role } })
    })
  }

  /** The one token of this name, in place of any earlier: for a program that is told it anew at every start. */
  replaceToken(grant: Grant): IssuedSecret {
    return this.#db.transaction(() => {
      this.#db.run(query.deleteFrom('credentials').where('kind', '=', 'token').where('name', '=', grant.name))
      return this.#issue('token', grant, null)
    })
  }

  /** Oldest first; what has expired is left out. */
  list(): CredentialInfo[] {
    const now = this.#clock.now()
    const all = query.selectFrom('credentials').selectAll().orderBy('created_at').orderBy('hash')
    return this.#db
      .all(all)
      .map(toInfo)
      .filter((each) => !isOver(each, now))
  }

  /** Has anybody ever used a link? Until then a start prints one. */
  hasBeenUsed(): boolean {
    const used = query
      .selectFrom('credentials')
      .select('hash')
      .where('kind', '=', 'link')
      .where('used_at', 'is not', null)
    return this.#db.first(used.limit(1)) !== undefined
  }

  /** Forgets expired sessions, tokens and unused links. Used links stay: `hasBeenUsed` asks for them. */
  sweep(): number {
    return this.#db.run(
      query.deleteFrom('credentials').where('used_at', 'is', null).where('expires_at', '<=', this.#clock.now()),
    )
  }

  #issue(kind: CredentialInfo['kind'], { name, role }: Grant, expiresAt: EpochMs | null): IssuedSecret {
    const secret = makeSecret()
    this.#db.run(
      query.insertInto('credentials').values({
        hash: hashSecret(secret),
        kind,
        name,
        role,
        created_at: this.#clock.now(),
        expires_at: expiresAt,
        used_at: null,
      }),
    )
    return { secret, expiresAt }
  }

  #find(hash: string): CredentialInfo | undefined {
    const row = this.#db.first(query.selectFrom('credentials').selectAll().where('hash', '=', hash))
    return row === undefined ? undefined : toInfo(row)
  }
}

const isOver = ({ expiresAt }: CredentialInfo, now: EpochMs): boolean => expiresAt !== null && expiresAt <= now

function toInfo(row: Schema['credentials']): CredentialInfo {
  if (!isRole(row.role)) throw new Error(`credential ${row.hash} has an unknown role`)
  const { hash: id, kind, name, role } = row
  return { id, kind, name, role, createdAt: row.created_at, expiresAt: row.expires_at, usedAt: row.used_at }
}
