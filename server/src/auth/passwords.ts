import { PanalError, type Clock } from '@panal/client-core'
import type { AuditLog } from '../audit/audit-log.ts'
import { query, type SyncQueries } from '../store/sync-query.ts'
import { nameKey } from './account-name.ts'
import type { Account, Accounts } from './accounts.ts'
import type { Identity } from './identity.ts'
import type { Links } from './links.ts'
import type { PasswordHasher } from './password-hasher.ts'
import { normalPassword, requireGoodPassword } from './password-rules.ts'
import { hashSecret, makeSecret } from './secret.ts'
import type { OpenedSession, Sessions } from './sessions.ts'
import { SignInThrottle, type Attempt } from './sign-in-throttle.ts'

/** For so long after a sign-in by link the password may be set without the one before: it was forgotten, or never set. */
export const freshLinkMs = 3_600_000

export interface PasswordAttempt {
  readonly name: string
  readonly password: string
  readonly network: string
  /** The secret that this browser was given when somebody signed in there before. */
  readonly browser?: string
}

interface Deps {
  readonly db: SyncQueries
  readonly clock: Clock
  readonly audit: AuditLog
  readonly accounts: Accounts
  readonly sessions: Sessions
  readonly links: Links
  readonly hasher: PasswordHasher
}

/** Signing in by name and password, and changing it. */
export class Passwords {
  readonly #deps: Deps
  readonly #throttle: SignInThrottle

  constructor(deps: Deps) {
    this.#deps = deps
    this.#throttle = new SignInThrottle(deps)
  }

  /**
   * A session, and the secret by which this browser is known from now on. Nobody of this name, a wrong password, an
   * account without one and a disabled account get the same answer after the same work.
   * @throws PanalError 'sign-in-refused' | 'rate-limited' | 'busy'
   */
  async signIn({ name, password, network, browser }: PasswordAttempt): Promise<OpenedSession & { browser: string }> {
    const { accounts, hasher, sessions } = this.#deps
    const account = accounts.find(name)
    const known = account === undefined ? undefined : this.#knownBrowser(account, browser)
    const attempt: Attempt = { name: nameKey(name), network, ...(known === undefined ? {} : { browser: known }) }
    this.#begin(attempt, account)
    const stored = account === undefined ? null : accounts.passwordOf(account.id)
    const given = normalPassword(password)
    const { isRight, isOutdated } = await hasher.verify(given, stored).catch((error: unknown) => {
      this.#throttle.undo(attempt)
      throw error
    })
    // Asked again: the password may have changed, or the account may have been disabled, while it was compared.
    if (!isRight || account === undefined || accounts.passwordOf(account.id) !== stored)
      throw new PanalError('sign-in-refused')
    this.#throttle.succeeded(attempt)
    if (isOutdated) await this.#renew(account, given, stored)
    const opened = sessions.open(accounts.get(account.id), 'password', network)
    accounts.noteSignIn(account.id)
    return { ...opened, browser: this.#remember(account, known) }
  }

  /**
   * Sets one's own password, with the present one or soon after a link; every other session and every unused link ends.
   * @throws PanalError 'forbidden' | 'sign-in-refused' | 'weak-password' | 'rate-limited' | 'busy'
   */
  async change(by: Identity, change: { password: string; current?: string; network: string }): Promise<void> {
    const { accounts, hasher, sessions, links, db, audit } = this.#deps
    if (by.accountId === null || by.kind !== 'session')
      throw new PanalError('forbidden', 'only somebody who has signed in has a password')
    const account = accounts.get(by.accountId)
    if (account.issuer !== null)
      throw new PanalError('forbidden', 'your identity provider keeps your password, not this server')
    if (!this.#cameByFreshLink(by)) await this.#requirePassword(account, change.current ?? '', change.network)
    await requireGoodPassword(change.password, account.name)
    const hash = await hasher.hash(normalPassword(change.password))
    db.transaction(() => {
      if (accounts.get(account.id).disabledAt !== null) throw new PanalError('forbidden')
      accounts.setPassword(account.id, hash)
      links.endAll(account.id)
      db.run(query.deleteFrom('known_browsers').where('account_id', '=', account.id))
      audit.append({ actor: by.name, action: 'password-set', detail: { name: account.name } })
      sessions.endAll(account.id, by.name, by.credentialId)
    })
  }

  /** A session left open must not be enough to take the account over: guesses are counted here as at the sign-in. */
  async #requirePassword(account: Account, current: string, network: string): Promise<void> {
    const attempt = { name: nameKey(account.name), network }
    this.#begin(attempt, account)
    const { isRight } = await this.#deps.hasher.verify(
      normalPassword(current),
      this.#deps.accounts.passwordOf(account.id),
    )
    if (!isRight) throw new PanalError('sign-in-refused', 'this is not your present password')
    this.#throttle.succeeded(attempt)
  }

  #begin(attempt: Attempt, account: Account | undefined): void {
    const { isUnderAttack } = this.#throttle.begin(attempt)
    if (isUnderAttack && account !== undefined)
      this.#deps.audit.append({ actor: 'server', action: 'sign-in-slowed', detail: { name: account.name } })
  }

  #cameByFreshLink({ accountId, credentialId }: Identity): boolean {
    const session = this.#deps.sessions.list(accountId ?? '').find(({ id }) => id === credentialId)
    return session?.method === 'link' && this.#deps.clock.now() - session.createdAt < freshLinkMs
  }

  async #renew(account: Account, password: string, stored: string | null): Promise<void> {
    const { accounts, hasher } = this.#deps
    const hash = await hasher.hash(password)
    if (accounts.passwordOf(account.id) === stored) accounts.setPassword(account.id, hash)
  }

  #knownBrowser(account: Account, secret: string | undefined): string | undefined {
    if (secret === undefined) return undefined
    const select = query.selectFrom('known_browsers').select('hash').where('account_id', '=', account.id)
    return this.#deps.db.first(select.where('hash', '=', hashSecret(secret)))?.hash
  }

  /** A new secret each time, so that one that was copied is of no use after the next sign-in. */
  #remember(account: Account, earlier: string | undefined): string {
    const { db, clock } = this.#deps
    const secret = makeSecret()
    db.transaction(() => {
      if (earlier !== undefined) db.run(query.deleteFrom('known_browsers').where('hash', '=', earlier))
      const row = { hash: hashSecret(secret), account_id: account.id, seen_at: clock.now() }
      db.run(query.insertInto('known_browsers').values(row))
    })
    return secret
  }
}
