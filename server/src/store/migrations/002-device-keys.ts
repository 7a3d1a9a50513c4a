import { sql, type Kysely, type Migration } from 'kysely'

/**
 * Devices become their keys. Those that had a token are forgotten: they are answered `unauthorized`, and enrol anew by
 * themselves.
 */
export const deviceKeys: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.dropTable('devices').execute()
    await db.schema
      .createTable('devices')
      .modifyEnd(sql`strict`)
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('public_key', 'text', (c) => c.notNull())
      .addColumn('alg', 'text', (c) => c.notNull())
      .addColumn('network', 'text', (c) => c.notNull())
      .addColumn('created_at', 'integer', (c) => c.notNull())
      .addColumn('last_seen_at', 'integer', (c) => c.notNull())
      .addColumn('revoked_at', 'integer')
      .addColumn('revoked_reason', 'text')
      .execute()
    await db.schema.createIndex('devices_network').on('devices').columns(['network', 'created_at']).execute()
    await db.schema.createIndex('devices_created').on('devices').columns(['created_at']).execute()
    await db.schema
      .createTable('enrolments')
      .modifyEnd(sql`strict`)
      .addColumn('device_id', 'text', (c) => c.notNull().references('devices.id'))
      .addColumn('task_id', 'text', (c) => c.notNull())
      .addColumn('created_at', 'integer', (c) => c.notNull())
      .addPrimaryKeyConstraint('enrolments_key', ['device_id', 'task_id'])
      .execute()
    await db.schema
      .createTable('used_invitations')
      .modifyEnd(sql`strict`)
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('device_id', 'text', (c) => c.notNull())
      .addColumn('expires_at', 'integer', (c) => c.notNull())
      .execute()
  },
}
