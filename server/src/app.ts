import cookie from '@fastify/cookie'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { LogController, type FastifyBaseLogger } from 'fastify'
import { accountRoutes } from './http/account.ts'
import { guardAudience } from './http/audience.ts'
import { auditRoutes } from './http/audit.ts'
import { blobRoutes } from './http/blobs.ts'
import { limitBodies } from './http/bodies.ts'
import { championMoveRoutes } from './http/champion-moves.ts'
import { datasetRoutes } from './http/datasets.ts'
import { deviceRoutes } from './http/devices.ts'
import { answerBrokenRequest, handleErrors, sendRefusal } from './http/error-handling.ts'
import { healthRoutes } from './http/health.ts'
import { inspectionRoutes } from './http/inspection.ts'
import { judgementRoutes } from './http/judgements.ts'
import { keyRoutes } from './http/keys.ts'
import { modelRoutes } from './http/models.ts'
import { oidcRoutes } from './http/oidc.ts'
import { allowedOrigins } from './http/origin.ts'
import { peopleRoutes } from './http/people.ts'
import type { App, AppDeps } from './http/ports.ts'
import { limitRates } from './http/rate-limits.ts'
import { reportRoutes } from './http/reports.ts'
import { securityHeaders } from './http/security-headers.ts'
import { sessionRoutes } from './http/session.ts'
import { limitSlowClients } from './http/slow-clients.ts'
import { taskRoutes } from './http/tasks.ts'
import { taskSetRoutes } from './http/task-sets.ts'
import { tokenRoutes } from './http/tokens.ts'
import { updateRoutes } from './http/updates.ts'
import { validatorCompiler } from './http/validators.ts'
import { versionRoutes } from './http/versions.ts'
import { webApp } from './http/web-app.ts'
import { makeMetrics } from './metrics/metrics.ts'
import { attachSockets, type Sockets } from './socket/sockets.ts'

const smallBodyBytes = 64 * 1024
const maxHeaderBytes = 16 * 1024

/** The front door: HTTP and control connections on one server, which does not listen yet. */
export interface FrontDoor {
  readonly app: App
  readonly sockets: Sockets
}

export async function buildApp(deps: AppDeps): Promise<FrontDoor> {
  const { config, clock, rounds, tasks, devices, nonces } = deps
  const allowed = allowedOrigins(config)
  const loggerInstance: FastifyBaseLogger = deps.log
  const app: App = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: smallBodyBytes,
    connectionTimeout: config.connectionTimeoutMs,
    requestTimeout: config.uploadTimeoutMs,
    http: {
      headersTimeout: config.connectionTimeoutMs,
      connectionsCheckingInterval: 1000,
      maxHeaderSize: maxHeaderBytes,
    },
    trustProxy: config.trustProxy.length > 0 ? [...config.trustProxy] : false,
    // Longer than any address: an id of any length gets its schema's 400.
    routerOptions: { maxParamLength: maxHeaderBytes },
    forceCloseConnections: 'idle',
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, request, reply) => void sendRefusal(error, request, reply),
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.setValidatorCompiler(validatorCompiler)
  // The schemas of answers document them; the compiler and the tests hold them, so nothing is dropped in silence here.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value))
  handleErrors(app)
  limitBodies(app)

  await securityHeaders(app, { https: config.publicUrl.startsWith('https:') })
  await app.register(cookie)
  await limitRates(app, config)
  await documentApi(app)
  guardAudience(app, { people: deps.people, devices, nonces, config, clock, allowed })
  limitSlowClients(app, config)

  const ports = {
    clock,
    log: app.log,
    rounds,
    hasTask: (id: string) => tasks.has(id),
    standing: (deviceId: string, taskId: string) => devices.standing(deviceId, taskId),
    nonces,
    keys: deps.keys,
    allowed,
  }
  const sockets = attachSockets(app.server, ports, { allowed, ...config, connectTimeoutMs: 5000 })
  const metrics = makeMetrics({
    rounds,
    taskIds: () => tasks.list().map(({ id }) => id),
    numSockets: () => sockets.count,
    gateReport: (taskId, version) => deps.registry.version(taskId, version).evaluation,
    disk: deps.disk,
  })
  app.addHook('onClose', () => metrics.close())

  healthRoutes(app, deps)
  const forMetrics = { audience: config.metrics === 'public' ? 'public' : 'viewer' } as const
  app.get('/metrics', { config: forMetrics, schema: { hide: true } }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.page()),
  )
  await app.register(
    async (v1: App) => {
      for (const routes of [
        keyRoutes,
        taskRoutes,
        taskSetRoutes,
        inspectionRoutes,
        versionRoutes,
        reportRoutes,
        judgementRoutes,
        modelRoutes,
        blobRoutes,
        auditRoutes,
        championMoveRoutes,
        peopleRoutes,
        tokenRoutes,
        accountRoutes,
        oidcRoutes,
      ])
        routes(v1, deps)
      deviceRoutes(v1, deps, { nonces, allowed })
      sessionRoutes(v1, deps, allowed)
      // Each in a scope of its own: they take streams instead of JSON.
      await v1.register(async (scope: App) => updateRoutes(scope, deps, metrics))
      await v1.register(async (scope: App) => datasetRoutes(scope, deps))
    },
    { prefix: '/v1' },
  )
  await webApp(app, deps.webFolder)
  await app.ready()
  return { app, sockets }
}

/** /docs for people, /docs/json for programs. */
async function documentApi(app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Panal', description: 'Federated learning: the HTTP side of the server.', version: '1' },
      components: {
        securitySchemes: {
          device: { type: 'http', scheme: 'DPoP', description: 'a proof of the device’s key, RFC 9449' },
          person: { type: 'http', scheme: 'bearer', description: 'an API token' },
        },
      },
    },
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP:
      "default-src 'self'; base-uri 'none'; img-src 'self' data:; object-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
  })
}
