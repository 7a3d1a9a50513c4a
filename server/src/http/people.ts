import { Type } from 'typebox'
import { accountNamePattern } from '../auth/account-name.ts'
import { nameOf } from './audience.ts'
import type { App, AppDeps } from './ports.ts'
import { answers, RoleName } from './schemas.ts'

export const PersonName = Type.String({ pattern: accountNamePattern, description: 'what the audit trail calls them' })
const Person = Type.Object({}, { description: 'name, role, how they sign in, and whether they may' })
const PersonParams = Type.Object({ name: Type.String({ minLength: 1, maxLength: 200 }) })

/** /v1/people and /v1/links: who may administer, and how they first get in. For owners. */
export function peopleRoutes(app: App, { people: { accounts, links } }: AppDeps): void {
  const common = { config: { audience: 'owner' } } as const

  app.get(
    '/people',
    {
      ...common,
      schema: {
        tags: ['people'],
        summary: 'Everybody who has an account',
        response: answers(Type.Object({ people: Type.Array(Person) }), 'the people, by name'),
      },
    },
    async (_request, reply) => {
      reply.header('cache-control', 'no-store')
      return { people: accounts.list() }
    },
  )

  app.post(
    '/people',
    {
      ...common,
      schema: {
        tags: ['people'],
        summary: 'An account for somebody, and the link that signs them in the first time',
        body: Type.Object({ name: PersonName, role: RoleName }, { additionalProperties: false }),
        response: answers(Type.Object({ link: Type.String() }), 'the secret of the link', 201),
      },
    },
    async ({ body, person }, reply) => {
      const { name } = accounts.create(body, nameOf(person))
      const { secret } = links.create({ name }, nameOf(person))
      return reply.code(201).header('cache-control', 'no-store').send({ link: secret })
    },
  )

  app.post(
    '/people/:name/role',
    {
      ...common,
      schema: {
        tags: ['people'],
        summary: 'Give somebody another role; it counts at once',
        params: PersonParams,
        body: Type.Object({ role: RoleName }, { additionalProperties: false }),
        response: answers(Person, 'the person now'),
      },
    },
    ({ params, body, person }) => ({ ...accounts.setRole(params.name, body.role, nameOf(person)) }),
  )

  for (const verb of ['disable', 'enable'] as const)
    app.post(
      `/people/:name/${verb}`,
      {
        ...common,
        schema: {
          tags: ['people'],
          summary: verb === 'disable' ? 'End all that somebody has, and let them in no more' : 'Let somebody in again',
          params: PersonParams,
          response: answers(Person, 'the person now'),
        },
      },
      ({ params, person }) => ({ ...accounts[verb](params.name, nameOf(person)) }),
    )

  app.post(
    '/links',
    {
      ...common,
      schema: {
        tags: ['people'],
        summary: 'A one-time link that signs somebody in; without an account of this name, one is made',
        body: Type.Object({ name: PersonName, role: Type.Optional(RoleName) }, { additionalProperties: false }),
        response: answers(Type.Object({ link: Type.String() }), 'the secret of the link', 201),
      },
    },
    async ({ body, person }, reply) => {
      const { secret } = links.create(body, nameOf(person))
      return reply.code(201).header('cache-control', 'no-store').send({ link: secret })
    },
  )
}
