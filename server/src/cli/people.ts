import { systemClock } from '@panal/client-core'
import type { Command } from 'commander'
import type { Account } from '../auth/accounts.ts'
import type { TokenInfo } from '../auth/tokens.ts'
import type { ApiClient } from './api-client.ts'
import { CommandError, exitCodes, type CliContext } from './context.ts'
import { show, table, when } from './output.ts'
import { onServer } from './server-command.ts'

const roleHelp = 'viewer, auditor, operator or owner'

/** `panal user …`, `panal token …` and `panal admin-link` */
export function peopleCommands(program: Command, context: CliContext): void {
  onServer(
    program
      .command('admin-link')
      .description('a one-time link that signs somebody in')
      .option('--name <name>', 'what the audit trail calls them', 'admin')
      .option('--role <role>', roleHelp, 'owner'),
    context,
    async (api, { json, name, role }) => showLink(context, api, json, await api.post('/v1/links', { name, role })),
  )
  userCommands(program.command('user').description('the people who may administer'), context)
  tokenCommands(program.command('token').description('API tokens for programs'), context)
}

function userCommands(user: Command, context: CliContext): void {
  onServer(
    user
      .command('add')
      .description('make an account, and print the link that signs its person in the first time')
      .argument('<name>', 'what the audit trail calls them')
      .requiredOption('--role <role>', roleHelp),
    context,
    async (api, { json, role }, [name = '']) =>
      showLink(context, api, json, await api.post('/v1/people', { name, role })),
  )
  onServer(
    user
      .command('link')
      .description('a one-time link, also after a password was forgotten; makes the account if there is none')
      .argument('<name>', 'whom it signs in')
      .option('--role <role>', `${roleHelp}; of a new account (default viewer)`),
    context,
    async (api, { json, role }, [name = '']) =>
      showLink(context, api, json, await api.post('/v1/links', { name, ...(role === undefined ? {} : { role }) })),
  )
  onServer(user.command('list').description('everybody, by name'), context, async (api, { json }) => {
    const answer = await api.get<{ people: Account[] }>('/v1/people')
    const head = ['name', 'role', 'signs in by', 'state', 'last sign-in']
    show(context, json, answer, () => table(head, answer.people.map(userRow)))
  })
  onServer(
    user
      .command('role')
      .description('give somebody another role; it counts at once')
      .argument('<name>', 'whom')
      .argument('<role>', roleHelp),
    context,
    async (api, { json }, [name = '', role = '']) => {
      const answer = await api.post<Account>(`/v1/people/${encodeURIComponent(name)}/role`, { role })
      show(context, json, answer, () => `${answer.name} is ${answer.role}\n`)
    },
  )
  for (const verb of ['disable', 'enable'] as const)
    onServer(
      user
        .command(verb)
        .description(
          verb === 'disable' ? 'end their sessions, links and tokens, and let them in no more' : 'let them in again',
        )
        .argument('<name>', 'whom'),
      context,
      async (api, { json }, [name = '']) => {
        const answer = await api.post<Account>(`/v1/people/${encodeURIComponent(name)}/${verb}`)
        show(context, json, answer, () => `${answer.name} is ${verb}d\n`)
      },
    )
}

function tokenCommands(token: Command, context: CliContext): void {
  onServer(
    token
      .command('create')
      .description('print a new token; nobody can print it again')
      .argument('<name>', 'what it is for')
      .requiredOption('--role <role>', roleHelp)
      .option('--days <days>', 'it ends after so many days (default: when it is revoked)'),
    context,
    async (api, { json, role, days }, [name = '']) => {
      const answer = await api.post<{ token: string }>('/v1/tokens', { name, role, ...expiry(days) })
      show(context, json, answer, () => `${answer.token}\n`)
    },
  )
  onServer(token.command('list').description('one’s own; for an owner, all'), context, async (api, { json }) => {
    const answer = await api.get<{ tokens: TokenInfo[] }>('/v1/tokens')
    const head = ['id', 'name', 'role', 'whose', 'created', 'until', 'last used']
    show(context, json, answer, () => table(head, answer.tokens.map(tokenRow)))
  })
  onServer(
    token.command('revoke').description('end one, at once').argument('<id>', 'as the list shows it'),
    context,
    async (api, { json }, [id = '']) => {
      const answer = await api.delete(`/v1/tokens/${encodeURIComponent(id)}`)
      show(context, json, answer, () => `token ${id} is revoked\n`)
    },
  )
}

function showLink(context: CliContext, api: ApiClient, json: boolean | undefined, answer: { link: string }): void {
  const url = `${api.url}/admin#link=${answer.link}`
  show(context, json, { ...answer, url }, () => `${url}\nIt works once, for 24 hours.\n`)
}

function expiry(days: string | undefined): { expiresAt?: number } {
  if (days === undefined) return {}
  if (!/^[1-9]\d{0,3}$/.test(days))
    throw new CommandError(
      exitCodes.usage,
      'bad-argument',
      `--days is a whole number from 1 to 9999, not ${JSON.stringify(days)}`,
    )
  return { expiresAt: systemClock({ setTimeout, clearTimeout }).now() + Number(days) * 86_400_000 }
}

const userRow = ({ name, role, hasPassword, issuer, disabledAt, signedInAt }: Account) => [
  name,
  role,
  issuer ?? (hasPassword ? 'password' : 'link'),
  disabledAt === null ? 'may sign in' : 'disabled',
  when(signedInAt ?? undefined),
]

const tokenRow = ({ id, name, role, owner, createdAt, expiresAt, seenAt }: TokenInfo) => [
  id,
  name,
  role,
  owner ?? 'a machine',
  when(createdAt),
  when(expiresAt ?? undefined),
  when(seenAt ?? undefined),
]
