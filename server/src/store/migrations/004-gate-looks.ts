import { sql, type Kysely, type Migration } from 'kysely'

/** A row for each judgement by a gate set. Those of before are taken from the versions' reports, in their order. */
export const gateLooks: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('gate_looks')
      .modifyEnd(sql`strict`)
      .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('gate_sha256', 'text', (c) => c.notNull())
      .addColumn('task_id', 'text', (c) => c.notNull())
      .addColumn('version', 'integer', (c) => c.notNull())
      .addColumn('at', 'integer', (c) => c.notNull())
      // Whether the claim to be better than the anchor was accepted; null where none was made.
      .addColumn('claim', 'integer', (c) => c.check(sql`claim in (0, 1)`))
      .addForeignKeyConstraint('gate_looks_version', ['task_id', 'version'], 'versions', ['task_id', 'version'])
      .execute()
    await db.schema.createIndex('gate_looks_set').on('gate_looks').columns(['gate_sha256', 'id']).execute()
    await sql`insert into gate_looks (gate_sha256, task_id, version, at, claim)
      select json_extract(evaluation, '$.datasetDigests.gate'), task_id, version,
        cast(json_extract(evaluation, '$.judgedAt') as integer), null
      from versions where evaluation is not null order by created_at, task_id, version`.execute(db)
  },
}
