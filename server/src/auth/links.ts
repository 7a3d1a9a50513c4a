import { PanalError } from '@panal/client-core'
import { query } from '../store/sync-query.ts'
import type { Account, Accounts, StoreDeps } from './accounts.ts'
import type { Role } from './role.ts'
import { hashSecret, makeSecret, type IssuedSecret } from './secret.ts'

export const linkMs = 24 * 3_600_000

/** One-time links: how somebody signs in for the first time, and again after a password was forgotten. */
export class Links {
  readonly #deps: StoreDeps & { readonly accounts: Accounts }

  constructor(deps: StoreDeps & { readonly accounts: Accounts }) {
    this.#deps = deps
  }

  /**
   * The secret of a link that is good for 24 hours and one session. Makes the account where there is none of this name.
   * @throws PanalError 'account-exists' where there is one with another role | 'forbidden' where it is disabled
   */
  create({ name, role }: { name: string; role?: Role }, actor: string): IssuedSecret {
    const { db, clock, audit, accounts } = this.#deps
    return db.transaction(() => {
      const account = accounts.find(name) ?? accounts.create({ name, role: role ?? 'viewer' }, actor)
      if (role !== undefined && account.role !== role)
        throw new PanalError('account-exists', `${account.name} is ${account.role} already; change the role first`)
      if (account.disabledAt !== null) throw new PanalError('forbidden', 'this account is disabled')
      const secret = makeSecret()
      const now = clock.now()
      const row = { hash: hashSecret(secret), account_id: account.id, created_at: now, expires_at: now + linkMs }
      db.run(query.insertInto('links').values(row))
      audit.append({ actor, action: 'link-created', detail: { name: account.name, role: account.role } })
      return { secret, expiresAt: row.expires_at }
    })
  }

  /** Whom it signs in; from now on nobody. @throws PanalError 'link-used' for anything unknown, used or expired */
  use(secret: string): Account {
    const { db, clock, accounts } = this.#deps
    return db.transaction(() => {
      const hash = hashSecret(secret)
      const link = db.first(query.selectFrom('links').selectAll().where('hash', '=', hash))
      if (link === undefined || link.expires_at <= clock.now()) throw new PanalError('link-used')
      db.run(query.deleteFrom('links').where('hash', '=', hash))
      const account = accounts.get(link.account_id)
      if (account.disabledAt !== null) throw new PanalError('link-used')
      return account
    })
  }

  /** Ends the links of one account that nobody has used. */
  endAll(accountId: string): void {
    this.#deps.db.run(query.deleteFrom('links').where('account_id', '=', accountId))
  }

  sweep(): void {
    const { db, clock } = this.#deps
    db.run(query.deleteFrom('links').where('expires_at', '<=', clock.now()))
  }
}
