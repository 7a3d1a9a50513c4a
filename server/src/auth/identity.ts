import type { Role } from './role.ts'

/** Who a request comes from. */
export interface Identity {
  /** What the audit trail calls them: a person’s name, and for a token which one. */
  readonly name: string
  readonly role: Role
  readonly kind: 'session' | 'token'
  /** Of the session or the token, as lists show it. */
  readonly credentialId: string
  /** Whose it is; null for a machine's token. All tokens and sessions of a person share it. */
  readonly accountId: string | null
}
