import { roleAllows, type Role } from './role.ts'

/** Whom of the identity provider's people this server lets in, and as what. Nobody, unless a rule says so. */
export interface AdmissionRules {
  /** Lower case. Whoever has a verified e-mail address there gets `domainRole`. */
  readonly emailDomains: readonly string[]
  readonly domainRole: Role
  /** Claim that holds a string or a list of strings, such as `groups`. */
  readonly roleClaim: string
  /** What each value of that claim makes of somebody; the strongest counts. */
  readonly roles: ReadonlyMap<string, Role>
}

export interface Admission {
  readonly name: string
  readonly role: Role
}

export type Claims = Readonly<Record<string, unknown>> & { readonly iss: string; readonly sub: string }

/** Undefined for somebody whom no rule admits. An e-mail address that the provider has not verified counts for nothing. */
export function admission(claims: Claims, rules: AdmissionRules): Admission | undefined {
  const email = verifiedEmail(claims)
  const domain = email?.slice(email.lastIndexOf('@') + 1)
  const byClaim = valuesOf(claims[rules.roleClaim]).flatMap((value) => rules.roles.get(value) ?? [])
  const byDomain = domain !== undefined && rules.emailDomains.includes(domain) ? [rules.domainRole] : []
  const [first, ...others] = byClaim.length > 0 ? byClaim : byDomain
  if (first === undefined) return undefined
  return { name: email ?? nameOf(claims.sub), role: others.reduce((a, b) => (roleAllows(a, b) ? a : b), first) }
}

function verifiedEmail({ email, email_verified: isVerified }: Claims): string | undefined {
  // Some providers write "true" as a string; that is not what the standard says, and is not taken for it here.
  if (isVerified !== true || typeof email !== 'string') return undefined
  return /^[^\s@]+@[^\s@]+$/.test(email) ? email.toLowerCase() : undefined
}

const valuesOf = (claim: unknown): string[] =>
  (Array.isArray(claim) ? claim : [claim]).filter((value): value is string => typeof value === 'string')

/** Without a verified address the provider's own id, for what people call themselves there may be anything. */
const nameOf = (subject: string): string =>
  `oidc ${subject.replace(/[^\p{L}\p{N}._@+-]/gu, '-').slice(0, 60)}`.replace(/[^\p{L}\p{N}]+$/u, '')
