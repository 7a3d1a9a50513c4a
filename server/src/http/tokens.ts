import { Type } from 'typebox'
import { asker } from './audience.ts'
import { PersonName } from './people.ts'
import type { App, AppDeps } from './ports.ts'
import { answers, RoleName } from './schemas.ts'

const Token = Type.Object({}, { description: 'id, name, role, whose, until when and when last used; never the secret' })

/** /v1/tokens: API tokens for programs. Everybody makes and revokes their own; an owner sees and revokes all. */
export function tokenRoutes(app: App, { people: { tokens } }: AppDeps): void {
  const common = { config: { audience: 'viewer' } } as const

  app.post(
    '/tokens',
    {
      ...common,
      schema: {
        tags: ['people'],
        summary: 'An API token, of one’s own role or a weaker one; by a person who is signed in',
        body: Type.Object(
          {
            name: PersonName,
            role: RoleName,
            expiresAt: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 52, description: 'epoch milliseconds' })),
          },
          { additionalProperties: false },
        ),
        response: answers(Type.Object({ token: Type.String() }), 'the token: it is shown this once', 201),
      },
    },
    async ({ body, person }, reply) => {
      const { secret } = tokens.create(body, asker(person))
      return reply.code(201).header('cache-control', 'no-store').send({ token: secret })
    },
  )

  app.get(
    '/tokens',
    {
      ...common,
      schema: {
        tags: ['people'],
        summary: 'One’s own API tokens; for an owner, all',
        response: answers(Type.Object({ tokens: Type.Array(Token) }), 'the tokens, oldest first'),
      },
    },
    async ({ person }, reply) => {
      const { role, accountId } = asker(person)
      reply.header('cache-control', 'no-store')
      return { tokens: role === 'owner' ? tokens.list() : accountId === null ? [] : tokens.list(accountId) }
    },
  )

  app.delete(
    '/tokens/:id',
    {
      ...common,
      schema: {
        tags: ['people'],
        summary: 'Revoke a token, at once',
        params: Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{16}$' }) }),
        response: answers(Type.Object({ ok: Type.Literal(true) })),
      },
    },
    ({ params, person }) => {
      tokens.revoke(params.id, asker(person))
      return { ok: true as const }
    },
  )
}
