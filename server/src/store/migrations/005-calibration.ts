import type { Kysely, Migration } from 'kysely'

/** How a version is served: its calibrator, and the weights that have it in them. Earlier ones are served as they are. */
export const calibration: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('versions').addColumn('calibrator', 'text').execute()
    await db.schema.alterTable('versions').addColumn('served_sha256', 'text').execute()
  },
}
