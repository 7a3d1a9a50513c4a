import { DeviceId, Enrolment, EnrolmentChallenge, EnrolmentRequest, PanalError } from '@panal/client-core'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { DeviceInfo } from '../auth/devices.ts'
import { nameOf } from './audience.ts'
import { proveRequest, type ProofRules } from './device-proof.ts'
import { networkOf } from './network.ts'
import type { App, AppDeps } from './ports.ts'
import { answers, Page, Reason, TaskParams } from './schemas.ts'

const DeviceParams = Type.Object({ deviceId: DeviceId })
/** Newest first: `limit` of them, after the last one of the page before. */
const DevicePage = Type.Object(
  {
    limit: Page.properties.limit,
    after: Type.Optional(DeviceId),
    quarantined: Type.Optional(Type.Boolean({ description: 'only those in quarantine' })),
  },
  { additionalProperties: false },
)
const DeviceList = Type.Object({ devices: Type.Array(Type.Unsafe<DeviceInfo>(Type.Object({ id: DeviceId }))) })
const InvitationOrder = Type.Object(
  { minutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 15 })) },
  { additionalProperties: false },
)
const Invited = Type.Object({ invitation: Type.String(), expiresAt: Type.Integer(), serverKey: Type.String() })

/** /v1/devices: how a device becomes known, and how one is shut out. */
export function deviceRoutes(app: App, deps: AppDeps, rules: ProofRules): void {
  enrolmentRoutes(app, deps, rules)
  operatorRoutes(app, deps)
}

function enrolmentRoutes(
  app: App,
  { devices, config, tasks, keys, work, invitations, nonces }: AppDeps,
  rules: ProofRules,
): void {
  const common = {
    audience: 'public',
    rateLimit: {
      max: config.enrolmentsPerMinute,
      timeWindow: 60_000,
      keyGenerator: (request: FastifyRequest) => networkOf(request.ip),
    },
  } as const

  app.get(
    '/devices/challenge',
    {
      config: common,
      schema: {
        tags: ['devices'],
        summary: 'What a device needs before it enrols',
        response: answers(EnrolmentChallenge, 'a nonce for its proof, and the work it has to do'),
      },
    },
    async (_request, reply) =>
      reply.header('cache-control', 'no-store').send({ proofNonce: nonces.current, work: work.challenge() }),
  )

  app.post(
    '/devices',
    {
      config: common,
      schema: {
        tags: ['devices'],
        summary: 'Enrol a device for a task',
        description:
          'The header `DPoP` proves that the device has its key. An open task takes the work of the challenge, another an invitation.',
        body: EnrolmentRequest,
        response: answers(Enrolment, 'enrolled; doing it again changes nothing', 201),
      },
    },
    async (request, reply) => {
      const { deviceId, jwk } = await proveRequest(request, reply, rules)
      const { taskId, invitation, work: done } = request.body
      const { enrolment = 'open' } = tasks.get(taskId).document
      const invited = invitation === undefined ? undefined : await invitations.read(invitation, taskId)
      if (enrolment === 'invitation' && invited === undefined)
        throw new PanalError('invalid-invitation', 'this task takes devices by invitation')
      if (invited === undefined && !work.accepts(done, deviceId)) throw new PanalError('wrong-work')
      await devices.enrol({
        taskId,
        jwk,
        network: networkOf(request.ip),
        alongside: (id) => invited !== undefined && invitations.use(invited, id),
      })
      return reply.code(201).header('cache-control', 'no-store').send({ deviceId, taskId, serverKeys: keys.publicSet })
    },
  )
}

function operatorRoutes(app: App, { devices, rounds, tasks, invitations, keys }: AppDeps): void {
  const common = { config: { audience: 'operator' } } as const

  app.get(
    '/devices',
    {
      ...common,
      schema: {
        tags: ['devices'],
        summary: 'Devices, newest first',
        querystring: DevicePage,
        response: answers(DeviceList),
      },
    },
    ({ query }) => ({ devices: devices.list(query) }),
  )

  app.post(
    '/devices/:deviceId/revoke',
    {
      ...common,
      schema: {
        tags: ['devices'],
        summary: 'Shut a device out, for good and from now on',
        params: DeviceParams,
        body: Type.Object({ reason: Reason }, { additionalProperties: false }),
        response: answers(Type.Object({ deviceId: DeviceId }), 'revoked'),
      },
    },
    ({ params: { deviceId }, body, person }) => {
      devices.revoke(deviceId, { actor: nameOf(person), reason: body.reason })
      rounds.expel(deviceId)
      return { deviceId }
    },
  )

  for (const [verb, summary, done] of [
    ['quarantine', 'Ask a device no more and count nothing of it, until it is released', 'in quarantine'],
    ['release', 'End a device’s quarantine', 'released'],
  ] as const)
    app.post(
      `/devices/:deviceId/${verb}`,
      {
        ...common,
        schema: {
          tags: ['devices'],
          summary,
          params: DeviceParams,
          body: Type.Object({ reason: Reason }, { additionalProperties: false }),
          response: answers(Type.Object({ deviceId: DeviceId }), done),
        },
      },
      ({ params: { deviceId }, body, person }) => {
        devices[verb](deviceId, { actor: nameOf(person), reason: body.reason })
        rounds.quarantineChanged(deviceId)
        return { deviceId }
      },
    )

  app.post(
    '/tasks/:taskId/invitations',
    {
      ...common,
      schema: {
        tags: ['devices'],
        summary: 'An invitation for one device',
        params: TaskParams,
        body: InvitationOrder,
        response: answers(Invited, 'the invitation, and the key by which the device knows this server', 201),
      },
    },
    async ({ params: { taskId }, body: { minutes = 15 }, person }, reply) => {
      tasks.get(taskId)
      const issued = await invitations.issue(taskId, { actor: nameOf(person), forMs: minutes * 60_000 })
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send({ ...issued, serverKey: keys.id })
    },
  )
}
