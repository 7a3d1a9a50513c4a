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

const Entries = Type.Object({
  entries: Type.Array(Type.Object({}, { description: 'seq, at, actor, action, detail and the hash that seals them' })),
})
const After = Type.Object(
  { after: Type.Integer({ minimum: 0, description: 'number of the last row already read; 0 from the start' }) },
  { additionalProperties: false },
)

/** /v1/audit: the trail, and whether it still is what was written. */
export function auditRoutes(app: App, { audit }: AppDeps): void {
  app.get(
    '/audit/verify',
    {
      config: { audience: 'auditor' },
      schema: { tags: ['audit'], summary: 'Verify the audit trail', response: answers(Verified, 'the finding') },
    },
    () => audit.verify(),
  )

  app.get(
    '/audit/entries',
    {
      config: { audience: 'auditor' },
      schema: {
        tags: ['audit'],
        summary: 'Rows of the audit trail, oldest first, at most 1,000',
        querystring: After,
        response: answers(Entries, 'the rows'),
      },
    },
    ({ query }) => ({ entries: audit.page(query.after) }),
  )
}
