import { Type } from 'typebox'
import { roles } from '../auth/role.ts'
import { nameOf } from './audience.ts'
import type { App, AppDeps } from './ports.ts'
import { answers } from './schemas.ts'

const Grant = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 80, pattern: '\\S', description: 'what the audit trail calls them' }),
    role: Type.Union(roles.map((role) => Type.Literal(role))),
  },
  { additionalProperties: false },
)

/** POST /v1/tokens for programs, POST /v1/links for people. Each secret is shown once; only its hash is kept. */
export function credentialRoutes(app: App, { credentials }: AppDeps): void {
  const common = { config: { audience: 'owner' } } as const

  app.post(
    '/tokens',
    {
      ...common,
      schema: {
        tags: ['people'],
        summary: 'An API token for a program',
        body: Grant,
        response: answers(Type.Object({ token: Type.String() }), 'the token', 201),
      },
    },
    async ({ body, person }, reply) => {
      const { secret } = credentials.createToken(body, nameOf(person))
      return reply.code(201).header('cache-control', 'no-store').send({ token: secret })
    },
  )

  app.post(
    '/links',
    {
      ...common,
      schema: {
        tags: ['people'],
        summary: 'A one-time link that signs somebody in',
        body: Grant,
        response: answers(Type.Object({ link: Type.String() }), 'the secret of the link', 201),
      },
    },
    async ({ body, person }, reply) => {
      const { secret } = credentials.createLink(body, nameOf(person))
      return reply.code(201).header('cache-control', 'no-store').send({ link: secret })
    },
  )
}
