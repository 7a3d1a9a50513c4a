import type { Kysely, Migration } from 'kysely'

/** What the server signed of a version's report when it was made; null for those of before. */
export const reportSignatures: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('versions').addColumn('report_signature', 'text').execute()
  },
}
