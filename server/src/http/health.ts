import { PanalError } from '@panal/client-core'
import { Type } from 'typebox'
import type { App, AppDeps } from './ports.ts'
import { answers } from './schemas.ts'

const Ok = Type.Object({ ok: Type.Literal(true) })

/** /healthz: the process answers. /readyz: it has started and is not stopping. */
export function healthRoutes(app: App, { isReady }: AppDeps): void {
  const config = { audience: 'public' } as const
  app.get(
    '/healthz',
    { config, schema: { tags: ['health'], summary: 'Is it alive?', response: answers(Ok, 'it is') } },
    () => ({ ok: true as const }),
  )
  app.get(
    '/readyz',
    { config, schema: { tags: ['health'], summary: 'Is it ready?', response: answers(Ok, 'it is') } },
    () => {
      if (!isReady()) throw new PanalError('draining', 'the server is starting or stopping', { retryAfterMs: 1000 })
      return { ok: true as const }
    },
  )
}
