import { PanalError, type EpochMs } from '@panal/client-core'
import type { Schema } from '../store/schema.ts'
import { query } from '../store/sync-query.ts'
import { requireAccountName } from './account-name.ts'
import type { StoreDeps } from './accounts.ts'
import type { Identity } from './identity.ts'
import { readRole, roleAllows, weakerRole, type Role } from './role.ts'
import { credentialId, hashSecret, makeSecret, type IssuedSecret } from './secret.ts'

/** `last used` is exact to this much. */
const seenEveryMs = 60_000

/** A token as lists show it. */
export interface TokenInfo {
  readonly id: string
  readonly name: string
  readonly role: Role
  /** Whose it is; null for a machine's. */
  readonly owner: string | null
  readonly createdAt: EpochMs
  readonly expiresAt: EpochMs | null
  readonly seenAt: EpochMs | null
}

export interface TokenGrant {
  readonly name: string
  readonly role: Role
  /** Without it the token is good until it is revoked. */
  readonly expiresAt?: EpochMs
}

/** API tokens, shown at each request. One of a person's never may more than that person may now. */
export class Tokens {
  readonly #deps: StoreDeps

  constructor(deps: StoreDeps) {
    this.#deps = deps
  }

  /**
   * For whoever asks, signed in: a token that makes others would outlive its own end and its revocation.
   * @throws PanalError 'forbidden' for a role over their own, or by a token | 'bad-request' for an end in the past
   */
  create(grant: TokenGrant, by: Identity): IssuedSecret {
    const { db, clock, audit } = this.#deps
    requireAccountName(grant.name)
    if (by.kind === 'token' && !isServersOwn(by.name))
      throw new PanalError('forbidden', 'a token makes no tokens: sign in, or use the token of the data folder')
    if (!roleAllows(by.role, grant.role))
      throw new PanalError('forbidden', `a token may not do more than you: your role is ${by.role}`)
    if (grant.expiresAt !== undefined && grant.expiresAt <= clock.now())
      throw new PanalError('bad-request', 'expiresAt has passed already')
    return db.transaction(() => {
      const issued = this.#issue(grant, by.accountId)
      const { name, role } = grant
      audit.append({ actor: by.name, action: 'token-created', detail: { name, role, expiresAt: issued.expiresAt } })
      return issued
    })
  }

  /** The one machine's token of this name, in place of any earlier: for a program that is told it at every start. */
  replace(grant: { readonly name: string; readonly role: Role }): IssuedSecret {
    const { db } = this.#deps
    return db.transaction(() => {
      db.run(query.deleteFrom('api_tokens').where('account_id', 'is', null).where('name', '=', grant.name))
      return this.#issue(grant, null)
    })
  }

  /** Undefined for anything unknown, expired or revoked, and where the account is disabled. */
  identify(secret: string): Identity | undefined {
    const { db, clock } = this.#deps
    const row = db.first(this.#joined().where('api_tokens.hash', '=', hashSecret(secret)))
    const now = clock.now()
    if (row === undefined || (row.disabled_at ?? null) !== null || isOver(row, now)) return undefined
    if (row.seen_at === null || now - row.seen_at >= seenEveryMs)
      db.run(query.updateTable('api_tokens').set({ seen_at: now }).where('hash', '=', row.hash))
    return {
      name: row.owner === null ? machineName(row.name) : `${row.owner} (token ${row.name})`,
      role: roleOf(row),
      kind: 'token',
      credentialId: credentialId(row.hash),
      accountId: row.account_id,
    }
  }

  /** Oldest first; of one account, or of all accounts and machines. */
  list(accountId?: string): TokenInfo[] {
    const { db, clock } = this.#deps
    const all = this.#joined().orderBy('api_tokens.created_at').orderBy('api_tokens.hash')
    const rows = db.all(accountId === undefined ? all : all.where('account_id', '=', accountId))
    return rows.filter((row) => !isOver(row, clock.now())).map(toInfo)
  }

  /** One's own; an owner's `anyOnes`. @throws PanalError 'not-found' */
  revoke(id: string, by: Identity): void {
    const { db, audit } = this.#deps
    db.transaction(() => {
      const row = db.all(this.#joined()).find(({ hash }) => credentialId(hash) === id)
      const mayRevoke = by.role === 'owner' || (by.accountId !== null && row?.account_id === by.accountId)
      if (row === undefined || !mayRevoke) throw new PanalError('not-found', 'there is no such token')
      db.run(query.deleteFrom('api_tokens').where('hash', '=', row.hash))
      const detail = { name: row.name, role: row.role, owner: row.owner }
      audit.append({ actor: by.name, action: 'token-revoked', detail })
    })
  }

  sweep(): void {
    const { db, clock } = this.#deps
    db.run(query.deleteFrom('api_tokens').where('expires_at', '<=', clock.now()))
  }

  #issue({ name, role, expiresAt }: TokenGrant, accountId: string | null): IssuedSecret {
    const { db, clock } = this.#deps
    const secret = makeSecret()
    const row = {
      hash: hashSecret(secret),
      account_id: accountId,
      name,
      role,
      created_at: clock.now(),
      expires_at: expiresAt ?? null,
      seen_at: null,
    }
    db.run(query.insertInto('api_tokens').values(row))
    return { secret, expiresAt: row.expires_at }
  }

  #joined() {
    return query
      .selectFrom('api_tokens')
      .leftJoin('accounts', 'accounts.id', 'api_tokens.account_id')
      .selectAll('api_tokens')
      .select(['accounts.name as owner', 'accounts.role as owner_role', 'accounts.disabled_at'])
  }
}

type Row = Schema['api_tokens'] & { readonly owner: string | null; readonly owner_role: string | null }

/** What it may do now: its owner may have been given a weaker role since. */
const roleOf = ({ role, owner_role }: Row): Role =>
  owner_role === null ? readRole(role) : weakerRole(readRole(role), readRole(owner_role))

/** `local` and `in-process` are the server's own; no other machine may be taken for a person. */
const machineName = (name: string): string => (isServersOwn(name) ? name : `token ${name}`)

const isServersOwn = (name: string): boolean => name === 'local' || name === 'in-process'

const isOver = ({ expires_at }: { expires_at: number | null }, now: EpochMs): boolean =>
  expires_at !== null && expires_at <= now

const toInfo = (row: Row): TokenInfo => ({
  id: credentialId(row.hash),
  name: row.name,
  role: roleOf(row),
  owner: row.owner,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  seenAt: row.seen_at,
})
