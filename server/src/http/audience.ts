import { PanalError, type DeviceId } from '@panal/client-core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Identity } from '../auth/identity.ts'
import { roleAllows, type Role } from '../auth/role.ts'
import { cookiesFor } from './cookies.ts'
import { proveRequest, type ProofRules } from './device-proof.ts'
import { networkOf } from './network.ts'
import { originMayUse, type AllowedOrigins } from './origin.ts'
import type { App, AppDeps } from './ports.ts'
import { RefusedRequests } from './refused-requests.ts'

/** Whom a route is for: anybody, enrolled devices, or people of a role at least. */
export type Audience = 'public' | 'device' | Role

/** A route as it was registered. */
export interface RouteAudience {
  readonly method: string
  readonly url: string
  /** Undefined for the pages of the API's documentation only. */
  readonly audience: Audience | undefined
}

declare module 'fastify' {
  interface FastifyContextConfig {
    audience?: Audience
    /** The handler reads the body itself, as it comes. */
    streams?: true
  }
  interface FastifyInstance {
    /** Every route there is, and for whom it is. */
    routeAudiences: RouteAudience[]
  }
  interface FastifyRequest {
    /** Who asks, where the request carried a valid session or API token; null otherwise. */
    person: Identity | null
    /** Set on routes for devices. */
    deviceId: DeviceId
  }
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

type Guards = Pick<AppDeps, 'people' | 'devices' | 'config' | 'clock'> & ProofRules

/** Default deny: a route without an audience does not register, and a request outside it gets no further than here. */
export function guardAudience(app: App, ports: Guards): void {
  app.decorateRequest('person', null)
  app.decorateRequest('deviceId', '')
  app.decorate('routeAudiences', [])
  const refused = new RefusedRequests({ clock: ports.clock, maxPerMinute: ports.config.networkRequestsPerMinute })
  app.addHook('onRoute', ({ config, method, url }) => {
    // The API's documentation brings its own routes.
    if (config?.audience === undefined && !url.startsWith('/docs'))
      throw new Error(`the route ${String(method)} ${url} declares no audience; say for whom it is`)
    for (const each of [method].flat()) app.routeAudiences.push({ method: each, url, audience: config?.audience })
  })
  app.addHook('onRequest', async (request, reply) => {
    const { audience } = request.routeOptions.config
    const network = networkOf(request.ip)
    refused.requireRoom(network)
    try {
      if (audience === 'device') await identifyDevice(request, reply, ports)
      else request.person = personOf(request, ports)
      if (isRole(audience)) requireRole(request.person, audience)
    } catch (error) {
      refused.note(network)
      throw error
    }
  })
}

function requireRole(person: Identity | null, least: Role): void {
  if (person === null) throw new PanalError('unauthorized', 'sign in first')
  if (!roleAllows(person.role, least)) throw new PanalError('forbidden', `this needs the role ${least}`)
}

const isRole = (audience: Audience | undefined): audience is Role =>
  audience !== undefined && audience !== 'public' && audience !== 'device'

const bearer = ({ headers: { authorization = '' } }: FastifyRequest): string | undefined =>
  /^Bearer ([A-Za-z0-9._~-]{1,300})$/.exec(authorization)?.[1]

/** @throws PanalError 'unauthorized' | 'stale-proof' | 'revoked' */
async function identifyDevice(request: FastifyRequest, reply: FastifyReply, ports: Guards): Promise<void> {
  const { deviceId } = await proveRequest(request, reply, {
    ...ports,
    // Before the proof is taken note of: a stranger's must not use up the nonce of everybody.
    admit: (id) => {
      const standing = ports.devices.standing(id)
      if (standing !== 'good') throw new PanalError(standing === 'revoked' ? 'revoked' : 'unauthorized')
    },
  })
  request.deviceId = deviceId
}

/** A wrong token is refused even where none is needed: somebody thinks they are signed in. A stale cookie is not. */
function personOf(request: FastifyRequest, { people, config, allowed }: Guards): Identity | null {
  if (request.headers.authorization !== undefined) {
    const person = people.tokens.identify(bearer(request) ?? '')
    if (person === undefined) throw new PanalError('unauthorized', 'the API token is unknown, expired or revoked')
    return person
  }
  const session = request.cookies[cookiesFor(config).session]
  if (session === undefined) return null
  // On public routes nothing is done in a person's name, and a contributing device sends no such header.
  if (isRole(request.routeOptions.config.audience) && !safeMethods.has(request.method)) refuseForgery(request, allowed)
  return people.sessions.identify(session) ?? null
}

/** Whoever asks. On a route for a role nobody comes through unknown. */
export function asker(person: Identity | null): Identity {
  if (person === null) throw new PanalError('unauthorized')
  return person
}

/** What the audit trail calls whoever asks. */
export const nameOf = (person: Identity | null): string => asker(person).name

/** A cookie travels with requests that other sites cause; a header of our own and our own origin do not. */
export function refuseForgery(request: FastifyRequest, allowed: AllowedOrigins): void {
  const { 'x-panal-csrf': header } = request.headers
  if (typeof header !== 'string' || header === '')
    throw new PanalError('forbidden', 'the header x-panal-csrf is missing')
  if (!originMayUse(request.headers, allowed, true)) throw new PanalError('forbidden', 'this origin may not do that')
}
