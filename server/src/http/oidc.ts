import { PanalError, type ErrorCode } from '@panal/client-core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { oidcPatienceMs, type Oidc } from '../auth/oidc.ts'
import { cookiesFor } from './cookies.ts'
import { networkOf } from './network.ts'
import type { App, AppDeps } from './ports.ts'
import { answers } from './schemas.ts'
import { signInLimit, startSession } from './session.ts'

const Methods = Type.Object({ oidc: Type.Union([Type.Null(), Type.Object({ provider: Type.String() })]) })

/** /v1/sign-in tells pages how people may sign in; /v1/oidc/… is the way to the identity provider and back. */
export function oidcRoutes(app: App, deps: AppDeps): void {
  const { people, config, address } = deps
  const cookies = cookiesFor(config)
  const common = { config: { audience: 'public', rateLimit: signInLimit(deps) } } as const

  app.get(
    '/sign-in',
    {
      config: { audience: 'public' },
      schema: {
        tags: ['people'],
        summary: 'How people may sign in, besides links and passwords',
        response: answers(Methods, 'the provider, if there is one'),
      },
    },
    () => ({ oidc: people.oidc === null ? null : { provider: people.oidc.providerName } }),
  )

  app.get('/oidc/start', { ...common, schema: { hide: true } }, (request, reply) =>
    intoPage(request, reply, async () => {
      const { url, transaction } = await provider(people.oidc).begin(`${address()}/v1/oidc/callback`)
      reply.setCookie(cookies.oidc, transaction, { ...cookies.lax, maxAge: oidcPatienceMs / 1000 })
      return url.href
    }),
  )

  app.get('/oidc/callback', { ...common, schema: { hide: true } }, (request, reply) =>
    intoPage(request, reply, async () => {
      reply.clearCookie(cookies.oidc, cookies.lax)
      const account = await provider(people.oidc).finish(request.cookies[cookies.oidc] ?? '', queryOf(request))
      startSession(request, reply, people.sessions.open(account, 'oidc', networkOf(request.ip)), deps)
      people.accounts.noteSignIn(account.id)
      return '/admin'
    }),
  )
}

/** A person's browser comes here, not a program: what is refused is said by the page, by its code. */
async function intoPage(
  request: FastifyRequest,
  reply: FastifyReply,
  to: () => Promise<string>,
): Promise<FastifyReply> {
  reply.header('cache-control', 'no-store')
  try {
    return await reply.redirect(await to(), 303)
  } catch (error) {
    if (!(error instanceof PanalError)) throw error
    request.log.info({ code: error.code, because: codeOf(error.cause) }, 'sign-in by the identity provider refused')
    return reply.redirect(`/admin#refused=${error.code satisfies ErrorCode}`, 303)
  }
}

function provider(oidc: Oidc | null): Oidc {
  if (oidc === null) throw new PanalError('not-found', 'no identity provider is configured')
  return oidc
}

const queryOf = ({ url }: FastifyRequest): string => (url.includes('?') ? url.slice(url.indexOf('?')) : '')

/** A code of the OpenID library, never its text: that quotes what the provider sent. */
const codeOf = (cause: unknown): string | undefined =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
