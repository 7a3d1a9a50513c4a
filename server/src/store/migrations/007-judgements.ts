import { sql, type Kysely, type Migration } from 'kysely'

/**
 * A row for each judgement with its report, so that one that is judged again keeps what was found before. It is the ledger
 * of looks as well. Judgements of before are the looks of before, in their order, each with its version's report.
 */
export const judgements: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('judgements')
      .modifyEnd(sql`strict`)
      .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('task_id', 'text', (c) => c.notNull())
      .addColumn('version', 'integer', (c) => c.notNull())
      // 'gate' at the end of a round; else who had it judged again.
      .addColumn('actor', 'text', (c) => c.notNull())
      .addColumn('outcome', 'text', (c) =>
        c.notNull().check(sql`outcome in ('promoted', 'waiting', 'held', 'rejected')`),
      )
      .addColumn('reason', 'text', (c) => c.notNull())
      .addColumn('at', 'integer', (c) => c.notNull())
      .addColumn('gate_sha256', 'text', (c) => c.notNull())
      // Whether the claim to be better than the anchor was accepted; null where none was made.
      .addColumn('claim', 'integer', (c) => c.check(sql`claim in (0, 1)`))
      .addColumn('signature', 'text')
      // Last: it is large, and SQLite reads past it to reach what follows.
      .addColumn('report', 'text', (c) => c.notNull())
      .addForeignKeyConstraint('judgements_version', ['task_id', 'version'], 'versions', ['task_id', 'version'])
      .execute()
    await sql`insert into judgements
        (task_id, version, actor, outcome, reason, at, gate_sha256, claim, signature, report)
      select task_id, version, 'gate',
        case status when 'promoted' then 'promoted' when 'rejected' then 'rejected' when 'unsound' then 'rejected' else 'held' end,
        coalesce(json_extract(evaluation, '$.reason'), ''), look.at, gate_sha256, claim, report_signature, evaluation
      from gate_looks look join versions using (task_id, version)
      where evaluation is not null order by look.id`.execute(db)
    await db.schema.createIndex('judgements_set').on('judgements').columns(['gate_sha256', 'id']).execute()
    await db.schema.createIndex('judgements_version').on('judgements').columns(['task_id', 'version', 'id']).execute()
    // Append-only: a report is never edited.
    for (const verb of ['update', 'delete'])
      await sql`create trigger ${sql.ref(`judgements_no_${verb}`)} before ${sql.raw(verb)} on judgements
        begin select raise(abort, 'append-only'); end`.execute(db)
    await db.schema.dropTable('gate_looks').execute()
    await db.schema.alterTable('versions').dropColumn('evaluation').execute()
    await db.schema.alterTable('versions').dropColumn('report_signature').execute()
  },
}
