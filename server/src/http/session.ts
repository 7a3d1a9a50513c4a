import { PanalError } from '@panal/client-core'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { roles } from '../auth/role.ts'
import { refuseForgery, sessionCookie } from './audience.ts'
import { networkOf } from './network.ts'
import { originMayUse, type AllowedOrigins } from './origin.ts'
import type { App, AppDeps } from './ports.ts'
import { answers } from './schemas.ts'

const Role = Type.Union(roles.map((role) => Type.Literal(role)))
const SignedIn = Type.Object({
  signedIn: Type.Boolean(),
  role: Type.Optional(Role),
  name: Type.Optional(Type.String()),
})

/** /v1/session: signing in with a one-time link, and out. */
export function sessionRoutes(app: App, { credentials, clock, config }: AppDeps, allowed: AllowedOrigins): void {
  const https = config.publicUrl.startsWith('https:')
  const cookie = { path: '/', httpOnly: true, sameSite: 'strict', secure: https } as const
  const answer = (reply: FastifyReply, body: object) => reply.header('cache-control', 'no-store').send(body)

  app.post(
    '/session',
    {
      config: {
        audience: 'public',
        rateLimit: {
          max: config.signInsPerMinute,
          timeWindow: 60_000,
          keyGenerator: (request) => networkOf(request.ip),
        },
      },
      schema: {
        tags: ['people'],
        summary: 'Sign in with a one-time link',
        body: Type.Object({ link: Type.String({ minLength: 1, maxLength: 300 }) }, { additionalProperties: false }),
        response: answers(SignedIn, 'signed in; the session is in a cookie'),
      },
    },
    async (request, reply) => {
      if (!originMayUse(request.headers, allowed, true))
        throw new PanalError('forbidden', 'this origin may not do that')
      const { secret, expiresAt, role, name } = credentials.useLink(request.body.link)
      const maxAge = expiresAt === null ? {} : { maxAge: Math.floor((expiresAt - clock.now()) / 1000) }
      reply.setCookie(sessionCookie, secret, { ...cookie, ...maxAge })
      return answer(reply, { signedIn: true, role, name })
    },
  )

  app.get(
    '/session',
    {
      config: { audience: 'public' },
      schema: { tags: ['people'], summary: 'Who is signed in', response: answers(SignedIn, 'who asks') },
    },
    async ({ person }, reply) =>
      answer(reply, person === null ? { signedIn: false } : { signedIn: true, role: person.role, name: person.name }),
  )

  app.delete(
    '/session',
    {
      config: { audience: 'public' },
      schema: { tags: ['people'], summary: 'Sign out', response: answers(SignedIn, 'signed out') },
    },
    async (request, reply) => {
      refuseForgery(request, allowed)
      const session = request.cookies[sessionCookie]
      if (session !== undefined) credentials.end(session)
      reply.clearCookie(sessionCookie, cookie)
      return answer(reply, { signedIn: false })
    },
  )
}
