import { sql, type Kysely, type Migration } from 'kysely'

/**
 * Which files of examples have the same examples in them, in whatever order and form: by a gate set they are one set, and
 * looks at it are counted together.
 */
export const setContents: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('set_contents')
      .modifyEnd(sql`strict, without rowid`)
      .addColumn('sha256', 'text', (c) => c.notNull())
      .addColumn('contents_sha256', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('set_contents_pk', ['sha256', 'contents_sha256'])
      .execute()
    await db.schema.createIndex('set_contents_alike').on('set_contents').columns(['contents_sha256']).execute()
  },
}
