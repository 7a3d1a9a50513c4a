import { sql, type Kysely, type Migration } from 'kysely'

/** The round that an update counts in, where that is a later one than the one that its device was asked in. */
export const countedRounds: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('updates').addColumn('counted_round', 'integer').execute()
    await db.schema
      .createIndex('updates_counted')
      .on('updates')
      .columns(['task_id', 'counted_round'])
      .where(sql.ref('counted_round'), 'is not', null)
      .execute()
  },
}
