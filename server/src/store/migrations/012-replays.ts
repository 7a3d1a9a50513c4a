import type { Kysely, Migration } from 'kysely'

/** Of a version that is a round without some of its devices, which round and devices; null of what a round made. */
export const replays: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('versions').addColumn('replay_of', 'text').execute()
  },
}
