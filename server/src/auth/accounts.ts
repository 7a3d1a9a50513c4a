import { randomBytes } from 'node:crypto'
import { PanalError, type Clock, type EpochMs } from '@panal/client-core'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Schema } from '../store/schema.ts'
import { query, type SyncQueries } from '../store/sync-query.ts'
import { nameKey, requireAccountName } from './account-name.ts'
import { readRole, type Role } from './role.ts'

/** A person, as an owner sees them. `id` never changes and is never used again. */
export interface Account {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly hasPassword: boolean
  /** Who vouches for them; null for a local account. */
  readonly issuer: string | null
  readonly createdAt: EpochMs
  readonly disabledAt: EpochMs | null
  readonly signedInAt: EpochMs | null
}

/** How an identity provider names a person: `sub` is unique with `iss` only, and an e-mail address is no name at all. */
export interface Subject {
  readonly issuer: string
  readonly subject: string
}

export interface StoreDeps {
  readonly db: SyncQueries
  readonly clock: Clock
  readonly audit: AuditLog
}

/** The people who may sign in. They are disabled, never deleted: the audit trail goes on naming them. */
export class Accounts {
  readonly #db: SyncQueries
  readonly #clock: Clock
  readonly #audit: AuditLog

  constructor({ db, clock, audit }: StoreDeps) {
    this.#db = db
    this.#clock = clock
    this.#audit = audit
  }

  /** @throws PanalError 'account-exists' | 'bad-request' */
  create({ name, role, from }: { name: string; role: Role; from?: Subject }, actor: string): Account {
    requireAccountName(name)
    return this.#db.transaction(() => {
      if (this.find(name) !== undefined) throw new PanalError('account-exists')
      const row = {
        id: `a_${randomBytes(12).toString('base64url')}`,
        name: name.normalize('NFKC'),
        name_key: nameKey(name),
        role,
        password: null,
        oidc_issuer: from?.issuer ?? null,
        oidc_subject: from?.subject ?? null,
        created_at: this.#clock.now(),
        disabled_at: null,
        signed_in_at: null,
      }
      this.#db.run(query.insertInto('accounts').values(row))
      const issuer = from === undefined ? {} : { issuer: from.issuer }
      this.#audit.append({ actor, action: 'account-created', detail: { name: row.name, role, ...issuer } })
      return toAccount(row)
    })
  }

  find(name: string): Account | undefined {
    const row = this.#db.first(query.selectFrom('accounts').selectAll().where('name_key', '=', nameKey(name)))
    return row && toAccount(row)
  }

  /** @throws PanalError 'unknown-account' */
  named(name: string): Account {
    const found = this.find(name)
    if (found === undefined) throw new PanalError('unknown-account')
    return found
  }

  get(id: string): Account {
    const row = this.#db.first(query.selectFrom('accounts').selectAll().where('id', '=', id))
    if (row === undefined) throw new Error(`there is no account ${id}`)
    return toAccount(row)
  }

  ofSubject({ issuer, subject }: Subject): Account | undefined {
    const select = query.selectFrom('accounts').selectAll()
    const row = this.#db.first(select.where('oidc_issuer', '=', issuer).where('oidc_subject', '=', subject))
    return row && toAccount(row)
  }

  /** By name. */
  list(): Account[] {
    return this.#db.all(query.selectFrom('accounts').selectAll().orderBy('name_key')).map(toAccount)
  }

  /** @throws PanalError 'unknown-account' | 'last-owner' */
  setRole(name: string, role: Role, actor: string): Account {
    return this.#db.transaction(() => {
      const account = this.named(name)
      if (role !== 'owner') this.#keepAnOwner(account)
      return this.#assign(account, role, actor)
    })
  }

  /** The role that the identity provider's claims give now, even if it is the last owner's: they are the rule there. */
  followProvider(account: Account, role: Role): Account {
    return this.#db.transaction(() => this.#assign(account, role, 'identity provider'))
  }

  /** Ends every session, link and token of theirs at once. @throws PanalError 'unknown-account' | 'last-owner' */
  disable(name: string, actor: string): Account {
    return this.#db.transaction(() => {
      const account = this.named(name)
      if (account.disabledAt !== null) return account
      this.#keepAnOwner(account)
      this.#change(account.id, { disabled_at: this.#clock.now() })
      for (const table of ['sessions', 'links', 'api_tokens', 'known_browsers'] as const)
        this.#db.run(query.deleteFrom(table).where('account_id', '=', account.id))
      this.#audit.append({ actor, action: 'account-disabled', detail: { name: account.name } })
      return this.get(account.id)
    })
  }

  /** They may sign in again; what was ended stays ended. @throws PanalError 'unknown-account' */
  enable(name: string, actor: string): Account {
    return this.#db.transaction(() => {
      const account = this.named(name)
      if (account.disabledAt === null) return account
      this.#change(account.id, { disabled_at: null })
      this.#audit.append({ actor, action: 'account-enabled', detail: { name: account.name } })
      return this.get(account.id)
    })
  }

  /** The hash to compare with; null for a local account without password, and for a disabled one. */
  passwordOf(id: string): string | null {
    const select = query.selectFrom('accounts').select('password').where('id', '=', id).where('disabled_at', 'is', null)
    return this.#db.first(select)?.password ?? null
  }

  setPassword(id: string, hash: string): void {
    this.#change(id, { password: hash })
  }

  noteSignIn(id: string): void {
    this.#change(id, { signed_in_at: this.#clock.now() })
  }

  /** Until then a start prints a link for the first one. */
  hasAnybodySignedIn(): boolean {
    const select = query.selectFrom('accounts').select('id').where('signed_in_at', 'is not', null).limit(1)
    return this.#db.first(select) !== undefined
  }

  #assign({ id, name, role: from }: Account, to: Role, actor: string): Account {
    if (from !== to) {
      this.#change(id, { role: to })
      this.#audit.append({ actor, action: 'role-changed', detail: { name, from, to } })
    }
    return this.get(id)
  }

  #change(id: string, change: Partial<Schema['accounts']>): void {
    this.#db.run(query.updateTable('accounts').set(change).where('id', '=', id))
  }

  #keepAnOwner({ id, role }: Account): void {
    const others = query
      .selectFrom('accounts')
      .select('id')
      .where('role', '=', 'owner')
      .where('disabled_at', 'is', null)
      .where('id', '!=', id)
      .limit(1)
    if (role === 'owner' && this.#db.first(others) === undefined) throw new PanalError('last-owner')
  }
}

function toAccount(row: Schema['accounts']): Account {
  return {
    id: row.id,
    name: row.name,
    role: readRole(row.role),
    hasPassword: row.password !== null,
    issuer: row.oidc_issuer,
    createdAt: row.created_at,
    disabledAt: row.disabled_at,
    signedInAt: row.signed_in_at,
  }
}
