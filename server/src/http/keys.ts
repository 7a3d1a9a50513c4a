import { ServerKey, ServerKeySet } from '@panal/client-core'
import { nameOf } from './audience.ts'
import type { App, AppDeps } from './ports.ts'
import { answers } from './schemas.ts'

/** /v1/keys: what this server's signatures are checked with. */
export function keyRoutes(app: App, { keys, audit }: AppDeps): void {
  app.get(
    '/keys',
    {
      config: { audience: 'public' },
      schema: {
        tags: ['keys'],
        summary: 'The server’s public keys, newest first',
        description: 'A JWK set (RFC 7517). Each key but the first carries the endorsement of the one before it.',
        response: answers(ServerKeySet, 'the keys'),
      },
    },
    async (_request, reply) => reply.header('cache-control', 'no-cache').send(keys.publicSet),
  )

  app.post(
    '/keys/rotate',
    {
      config: { audience: 'owner' },
      schema: {
        tags: ['keys'],
        summary: 'Sign with a new key from now on',
        response: answers(ServerKey, 'the new key'),
      },
    },
    async ({ person }) => {
      const actor = nameOf(person)
      const previous = keys.id
      const key = await keys.rotate()
      audit.append({ actor, action: 'key-rotated', detail: { previous, kid: key.kid } })
      return key
    },
  )
}
