import type { Kysely, Migration } from 'kysely'

/** What the updates came to that made a version; null of those of before, whose rules began anew in each round. */
export const aggregates: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('versions').addColumn('aggregate_sha256', 'text').execute()
  },
}
