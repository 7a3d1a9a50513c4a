import type { EpochMs } from '@panal/client-core'
import { query } from '../store/sync-query.ts'
import { Accounts, type StoreDeps } from './accounts.ts'
import { Links } from './links.ts'
import type { Oidc } from './oidc.ts'
import { PasswordHasher } from './password-hasher.ts'
import { Passwords } from './passwords.ts'
import { Sessions, type OpenedSession, type SessionTimes } from './sessions.ts'
import { Tokens } from './tokens.ts'

/** A browser that has not come back for so long is a stranger again. */
export const knownBrowserMs = 180 * 24 * 3_600_000

/** Everybody who may administer, and every way in. */
export interface People {
  readonly accounts: Accounts
  readonly sessions: Sessions
  readonly tokens: Tokens
  readonly links: Links
  readonly passwords: Passwords
  /** Null where no identity provider is configured. */
  readonly oidc: Oidc | null
  /** @throws PanalError 'link-used' */
  signInByLink(secret: string, network: string): OpenedSession
  /** Forgets what has expired. */
  sweep(): void
}

export interface PeopleOptions extends StoreDeps {
  readonly times: SessionTimes
  readonly hasher?: PasswordHasher
  readonly oidc?: (deps: StoreDeps & { readonly accounts: Accounts }) => Oidc
}

export function makePeople({ times, hasher = new PasswordHasher(), oidc, ...store }: PeopleOptions): People {
  const { db, clock } = store
  const accounts = new Accounts(store)
  const links = new Links({ ...store, accounts })
  const sessions = new Sessions({ ...store, times })
  const tokens = new Tokens(store)
  return {
    accounts,
    links,
    sessions,
    tokens,
    passwords: new Passwords({ ...store, accounts, sessions, links, hasher }),
    oidc: oidc?.({ ...store, accounts }) ?? null,
    signInByLink: (secret, network) =>
      db.transaction(() => {
        const account = links.use(secret)
        accounts.noteSignIn(account.id)
        return sessions.open(account, 'link', network)
      }),
    sweep: () => {
      const before: EpochMs = clock.now() - knownBrowserMs
      db.run(query.deleteFrom('known_browsers').where('seen_at', '<=', before))
      for (const each of [links, sessions, tokens]) each.sweep()
    },
  }
}
