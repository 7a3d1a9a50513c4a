import type { Kysely, Migration } from 'kysely'

/**
 * How far each counted update was from what its round came to, null of those of before and of the refused ones; and which
 * devices are in quarantine.
 */
export const forensics: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('updates').addColumn('cosine', 'real').execute()
    await db.schema.alterTable('updates').addColumn('distance', 'real').execute()
    await db.schema.alterTable('updates').addColumn('distance_rank', 'integer').execute()
    await db.schema.alterTable('devices').addColumn('quarantined_at', 'integer').execute()
    await db.schema.alterTable('devices').addColumn('quarantined_reason', 'text').execute()
  },
}
