import { PanalError } from '@panal/client-core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { knownBrowserMs } from '../auth/people.ts'
import type { OpenedSession } from '../auth/sessions.ts'
import { refuseForgery } from './audience.ts'
import { cookiesFor } from './cookies.ts'
import { networkOf } from './network.ts'
import { originMayUse, type AllowedOrigins } from './origin.ts'
import type { App, AppDeps } from './ports.ts'
import { answers, RoleName } from './schemas.ts'

const SignedIn = Type.Object({
  signedIn: Type.Boolean(),
  role: Type.Optional(RoleName),
  name: Type.Optional(Type.String()),
})
const ByLink = Type.Object({ link: Type.String({ minLength: 1, maxLength: 300 }) }, { additionalProperties: false })
const ByPassword = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 200 }), password: Type.String({ minLength: 1, maxLength: 800 }) },
  { additionalProperties: false },
)

/** Attempts to sign in, by any means, that one network may make. */
export const signInLimit = ({ config }: AppDeps) => ({
  max: config.signInsPerMinute,
  timeWindow: 60_000,
  keyGenerator: (request: FastifyRequest) => networkOf(request.ip),
})

/** /v1/session: signing in with a one-time link or a password, and out. */
export function sessionRoutes(app: App, deps: AppDeps, allowed: AllowedOrigins): void {
  const { people, config } = deps
  const cookies = cookiesFor(config)
  const answer = (reply: FastifyReply, body: object) => reply.header('cache-control', 'no-store').send(body)

  app.post(
    '/session',
    {
      config: { audience: 'public', rateLimit: signInLimit(deps) },
      schema: {
        tags: ['people'],
        summary: 'Sign in with a one-time link, or with name and password',
        body: Type.Union([ByLink, ByPassword]),
        response: answers(SignedIn, 'signed in; the session is in a cookie'),
      },
    },
    async (request, reply) => {
      if (!originMayUse(request.headers, allowed, true))
        throw new PanalError('forbidden', 'this origin may not do that')
      const network = networkOf(request.ip)
      const { body } = request
      let opened: OpenedSession
      if ('link' in body) opened = people.signInByLink(body.link, network)
      else {
        const browser = request.cookies[cookies.browser]
        const known = browser === undefined ? {} : { browser }
        const byPassword = await people.passwords.signIn({ ...body, network, ...known })
        reply.setCookie(cookies.browser, byPassword.browser, { ...cookies.strict, maxAge: knownBrowserMs / 1000 })
        opened = byPassword
      }
      startSession(request, reply, opened, deps)
      return answer(reply, { signedIn: true, role: opened.account.role, name: opened.account.name })
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
      const session = request.cookies[cookies.session]
      if (session !== undefined) people.sessions.end(session)
      reply.clearCookie(cookies.session, cookies.strict)
      return answer(reply, { signedIn: false })
    },
  )
}

/** The cookie of a session just opened, in place of whatever the browser sent: that one ends, whoever put it there. */
export function startSession(
  request: FastifyRequest,
  reply: FastifyReply,
  { secret, expiresAt }: OpenedSession,
  { people, clock, config }: AppDeps,
): void {
  const cookies = cookiesFor(config)
  const earlier = request.cookies[cookies.session]
  if (earlier !== undefined) people.sessions.end(earlier)
  const maxAge = Math.floor((expiresAt - clock.now()) / 1000)
  reply.setCookie(cookies.session, secret, { ...cookies.strict, maxAge })
}
