import { PanalError } from '@panal/client-core'
import { Type } from 'typebox'
import { asker } from './audience.ts'
import { networkOf } from './network.ts'
import type { App, AppDeps } from './ports.ts'
import { answers } from './schemas.ts'
import { signInLimit } from './session.ts'

const Account = Type.Object({}, { description: 'name, role, and how they sign in' })
const Sessions = Type.Object({
  sessions: Type.Array(Type.Object({}, { description: 'an open session; `isThis` marks the one that asks' })),
})
const Ended = Type.Object({ numEnded: Type.Integer() })

/** /v1/account: one's own account, password and sessions. */
export function accountRoutes(app: App, deps: AppDeps): void {
  const { people } = deps
  const common = { config: { audience: 'viewer' } } as const
  const ownId = (person: Parameters<typeof asker>[0]): string => {
    const { accountId } = asker(person)
    if (accountId === null) throw new PanalError('forbidden', 'a machine’s token has no account')
    return accountId
  }

  app.get(
    '/account',
    { ...common, schema: { tags: ['people'], summary: 'One’s own account', response: answers(Account, 'it') } },
    async ({ person }, reply) => {
      const { name, role, hasPassword, issuer, createdAt } = people.accounts.get(ownId(person))
      reply.header('cache-control', 'no-store')
      return { name, role, hasPassword, issuer, createdAt }
    },
  )

  app.put(
    '/account/password',
    {
      config: { ...common.config, rateLimit: signInLimit(deps) },
      schema: {
        tags: ['people'],
        summary: 'Set one’s own password; every other session ends',
        description: 'Needs `current`, but within an hour of a sign-in by link.',
        body: Type.Object(
          { password: Type.String({ maxLength: 800 }), current: Type.Optional(Type.String({ maxLength: 800 })) },
          { additionalProperties: false },
        ),
        response: answers(Type.Object({ ok: Type.Literal(true) })),
      },
    },
    async (request) => {
      await people.passwords.change(asker(request.person), { ...request.body, network: networkOf(request.ip) })
      return { ok: true as const }
    },
  )

  app.get(
    '/account/sessions',
    {
      ...common,
      schema: { tags: ['people'], summary: 'Where one is signed in', response: answers(Sessions, 'newest first') },
    },
    async ({ person }, reply) => {
      const sessions = people.sessions.list(ownId(person))
      reply.header('cache-control', 'no-store')
      return { sessions: sessions.map((each) => ({ ...each, isThis: each.id === person?.credentialId })) }
    },
  )

  app.delete(
    '/account/sessions',
    {
      ...common,
      schema: { tags: ['people'], summary: 'Sign out everywhere', response: answers(Ended, 'how many ended') },
    },
    async ({ person }) => ({ numEnded: people.sessions.endAll(ownId(person), asker(person).name) }),
  )

  app.delete(
    '/account/sessions/:id',
    {
      ...common,
      schema: {
        tags: ['people'],
        summary: 'End one of one’s own sessions',
        params: Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{16}$' }) }),
        response: answers(Ended, 'how many ended'),
      },
    },
    async ({ person, params }) => {
      people.sessions.endOne(ownId(person), params.id, asker(person).name)
      return { numEnded: 1 }
    },
  )
}
