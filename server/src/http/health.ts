import { PanalError } from '@panal/client-core'
import { Type } from 'typebox'
import type { App, AppDeps } from './ports.ts'
import { answers } from './schemas.ts'

const Ok = Type.Object({ ok: Type.Literal(true) })

/**
 * /healthz: the process answers; if it does not, restart it. /readyz: it has started, is not stopping, and can keep what
 * devices send; if not, send them elsewhere or wait.
 */
export function healthRoutes(app: App, { isReady, disk }: Pick<AppDeps, 'isReady' | 'disk'>): void {
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
      requireSpace(disk)
      return { ok: true as const }
    },
  )
}

/** @throws PanalError 'disk-full' when what is left is reserved */
export function requireSpace(disk: AppDeps['disk']): void {
  if (disk.isLow) throw new PanalError('disk-full', 'the disk is full but for its reserve', { retryAfterMs: 30_000 })
}
