import { readFile } from 'node:fs/promises'
import type { Config } from '../config.ts'
import { StartupError } from '../startup-error.ts'
import type { OidcSettings } from './oidc.ts'
import { isRole, type Role } from './role.ts'

type OidcConfig = Pick<
  Config,
  'oidcIssuer' | 'oidcClientId' | 'oidcEmailDomains' | 'oidcDomainRole' | 'oidcRoleClaim' | 'oidcRoles'
>

const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])

/** What the settings of the identity provider say that cannot be: each a line for the person who set them. */
export function oidcProblems(config: OidcConfig): string[] {
  if (config.oidcIssuer === '') return []
  const problems: string[] = []
  const { protocol, hostname } = new URL(config.oidcIssuer)
  if (protocol !== 'https:' && !loopback.has(hostname))
    problems.push('--oidc-issuer: must be https, but for a provider on this machine')
  if (config.oidcClientId === '') problems.push('--oidc-client-id: is needed with --oidc-issuer')
  for (const each of config.oidcRoles)
    if (readPair(each) === undefined)
      problems.push(
        `--oidc-roles: ${JSON.stringify(each)} is not value=role with a role viewer, auditor, operator or owner`,
      )
  if (config.oidcRoles.length === 0 && config.oidcEmailDomains.length === 0)
    problems.push('--oidc-roles or --oidc-email-domains: one is needed, or nobody would be let in')
  return problems
}

/** Undefined where no provider is configured. @throws StartupError 'invalid-config' */
export async function readOidcSettings(
  config: OidcConfig & Pick<Config, 'oidcClientSecretFile'>,
): Promise<OidcSettings | undefined> {
  if (config.oidcIssuer === '') return undefined
  const file = config.oidcClientSecretFile
  const clientSecret = file === '' ? undefined : await readSecret(file)
  return {
    issuer: config.oidcIssuer,
    clientId: config.oidcClientId,
    clientSecret,
    rules: {
      emailDomains: config.oidcEmailDomains.map((domain) => domain.toLowerCase()),
      domainRole: config.oidcDomainRole,
      roleClaim: config.oidcRoleClaim,
      roles: new Map(config.oidcRoles.map(readPair).filter((pair) => pair !== undefined)),
    },
  }
}

async function readSecret(file: string): Promise<string> {
  const secret = await readFile(file, 'utf8').then(
    (text) => text.trim(),
    (cause: unknown) => {
      throw new StartupError('invalid-config', `--oidc-client-secret-file ${file} cannot be read.`, { cause })
    },
  )
  if (secret === '') throw new StartupError('invalid-config', `--oidc-client-secret-file ${file} is empty.`)
  return secret
}

/** `platform admins=owner`; the value may itself have a `=`. */
function readPair(text: string): [string, Role] | undefined {
  const at = text.lastIndexOf('=')
  const role = text.slice(at + 1)
  return at > 0 && isRole(role) ? [text.slice(0, at), role] : undefined
}
