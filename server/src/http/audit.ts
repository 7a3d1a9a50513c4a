import { Type } from 'typebox'
import type { App, AppDeps } from './ports.ts'
import { answers } from './schemas.ts'

const Verified = Type.Object({
  ok: Type.Boolean(),
  numRows: Type.Optional(Type.Integer({ description: 'rows of the unbroken chain' })),
  head: Type.Optional(Type.String({ description: 'hash of the newest row: worth noting down elsewhere' })),
  seq: Type.Optional(Type.Integer({ description: 'first row whose hash does not follow from the row before' })),
  detail: Type.Optional(Type.String()),
})

/** GET /v1/audit/verify: whether the audit trail still is what was written. */
export function auditRoutes(app: App, { audit }: AppDeps): void {
  app.get(
    '/audit/verify',
    {
      config: { audience: 'auditor' },
      schema: { tags: ['audit'], summary: 'Verify the audit trail', response: answers(Verified, 'the finding') },
    },
    () => audit.verify(),
  )
}
