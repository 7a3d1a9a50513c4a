import { Enrolment } from '@panal/client-core'
import { answers } from './schemas.ts'
import { networkOf } from './network.ts'
import type { App, AppDeps } from './ports.ts'

/** POST /v1/devices: an identity for a new device. Anybody may ask; one network only so often. */
export function deviceRoutes(app: App, { devices, config }: AppDeps): void {
  app.post(
    '/devices',
    {
      config: {
        audience: 'public',
        rateLimit: {
          max: config.enrolmentsPerMinute,
          timeWindow: 60_000,
          keyGenerator: (request) => networkOf(request.ip),
        },
      },
      schema: { tags: ['devices'], summary: 'Enrol a device', response: answers(Enrolment, 'the new identity', 201) },
    },
    async (_request, reply) => reply.code(201).send(devices.enrol()),
  )
}
