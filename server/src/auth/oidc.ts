import { PanalError, type EpochMs } from '@panal/client-core'
import { LRUCache } from 'lru-cache'
import * as client from 'openid-client'
import type { Account, Accounts, StoreDeps } from './accounts.ts'
import { admission, type AdmissionRules, type Claims } from './oidc-admission.ts'
import { makeSecret } from './secret.ts'

export interface OidcSettings {
  /** https, but for a provider on this machine. */
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string | undefined
  readonly rules: AdmissionRules
}

/** A sign-in that has gone to the provider and has not come back. */
interface Pending {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly redirectUri: string
  readonly startedAt: EpochMs
}

/** Time to type a password and a second factor at the provider. */
export const oidcPatienceMs = 10 * 60_000
const maxPending = 5000
const timeoutSeconds = 10

/**
 * Signing in through an OpenID Connect provider: authorization code with PKCE, state and nonce. Who comes back is found
 * by issuer and subject; an e-mail address names a new account, and never opens an old one.
 */
export class Oidc {
  readonly #deps: StoreDeps & { readonly accounts: Accounts }
  readonly #settings: OidcSettings
  readonly #pending = new LRUCache<string, Pending>({ max: maxPending })
  #discovered: Promise<client.Configuration> | undefined

  constructor(deps: StoreDeps & { readonly accounts: Accounts }, settings: OidcSettings) {
    this.#deps = deps
    this.#settings = settings
  }

  /** For the button. */
  get providerName(): string {
    return new URL(this.#settings.issuer).host
  }

  /**
   * Where to send the browser, and the secret that ties what comes back to this browser: it belongs in a cookie.
   * @throws PanalError 'oidc-unreachable'
   */
  async begin(redirectUri: string): Promise<{ url: URL; transaction: string }> {
    const configuration = await this.#discover()
    const pending = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
      redirectUri,
      startedAt: this.#deps.clock.now(),
    }
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: 'openid email profile',
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(pending.verifier),
      code_challenge_method: 'S256',
    })
    const transaction = makeSecret()
    this.#pending.set(transaction, pending)
    return { url, transaction }
  }

  /**
   * Whose account it is, once everything the provider said has been checked. `search` is the query it came back with.
   * Each transaction is good for one try. @throws PanalError 'oidc-failed' | 'oidc-refused' | 'account-exists'
   */
  async finish(transaction: string, search: string): Promise<Account> {
    const pending = this.#pending.get(transaction)
    this.#pending.delete(transaction)
    if (pending === undefined || this.#deps.clock.now() - pending.startedAt >= oidcPatienceMs)
      throw new PanalError('oidc-failed', 'this sign-in was not begun in this browser, or too long ago')
    return this.#admit(await this.#claims(pending, search))
  }

  async #claims({ redirectUri, state, nonce, verifier }: Pending, search: string): Promise<Claims> {
    const configuration = await this.#discover()
    try {
      const answer = await client.authorizationCodeGrant(configuration, new URL(search, redirectUri), {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      })
      const claims = answer.claims()
      if (claims === undefined) throw new Error('the answer has no ID token')
      if (configuration.serverMetadata().userinfo_endpoint === undefined) return claims
      // Many providers put addresses and groups here only.
      const more = await client.fetchUserInfo(configuration, answer.access_token, claims.sub)
      return { ...more, ...claims }
    } catch (error) {
      throw new PanalError('oidc-failed', undefined, { cause: error })
    }
  }

  #admit(claims: Claims): Account {
    const { accounts, db } = this.#deps
    const from = { issuer: claims.iss, subject: claims.sub }
    const admitted = admission(claims, this.#settings.rules)
    if (admitted === undefined) throw new PanalError('oidc-refused')
    return db.transaction(() => {
      const account = accounts.ofSubject(from)
      if (account === undefined) return accounts.create({ ...admitted, from }, 'identity provider')
      if (account.disabledAt !== null) throw new PanalError('oidc-refused')
      // Where claims decide, they decide each time; where a domain does, an owner may have decided otherwise since.
      const isDecidedByClaims = this.#settings.rules.roles.size > 0
      return isDecidedByClaims ? accounts.followProvider(account, admitted.role) : account
    })
  }

  /** Asked once; again after a failure, so that a provider that was away is found when it is back. */
  #discover(): Promise<client.Configuration> {
    const { issuer, clientId, clientSecret } = this.#settings
    const url = new URL(issuer)
    this.#discovered ??= client
      .discovery(
        url,
        clientId,
        {},
        clientSecret === undefined ? client.None() : client.ClientSecretBasic(clientSecret),
        {
          // The signature of the ID token is checked against the provider's keys, not only the connection it came over.
          execute: [
            client.enableNonRepudiationChecks,
            ...(url.protocol === 'http:' ? [client.allowInsecureRequests] : []),
          ],
          timeout: timeoutSeconds,
        },
      )
      .catch((error: unknown) => {
        this.#discovered = undefined
        throw new PanalError('oidc-unreachable', undefined, { cause: error })
      })
    return this.#discovered
  }
}
