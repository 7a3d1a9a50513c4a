import { sql, type CreateTableBuilder, type Kysely, type Migration } from 'kysely'

/** STRICT: SQLite then refuses a value of the wrong type instead of keeping it. */
const table = (db: Kysely<unknown>, name: string): CreateTableBuilder<string> =>
  db.schema.createTable(name).modifyEnd(sql`strict`)

export const initial: Migration = {
  async up(db: Kysely<unknown>) {
    await createTasks(db)
    await createDevices(db)
    await createRounds(db)
    await createVersions(db)
    await createPeople(db)
    for (const name of ['audit', 'pointer_moves']) await forbidChanges(db, name)
  },
}

async function createTasks(db: Kysely<unknown>): Promise<void> {
  await table(db, 'tasks')
    .addColumn('id', 'text', (c) => c.primaryKey().notNull())
    .addColumn('document', 'text', (c) => c.notNull())
    .addColumn('plan_hash', 'text', (c) => c.notNull())
    .addColumn('paused', 'integer', (c) => c.notNull().check(sql`paused in (0, 1)`))
    .addColumn('created_at', 'integer', (c) => c.notNull())
    .execute()
  // One file may serve as several kinds.
  await table(db, 'blobs')
    .addColumn('sha256', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('bytes', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('blobs_key', ['sha256', 'kind'])
    .execute()
}

async function createDevices(db: Kysely<unknown>): Promise<void> {
  await table(db, 'devices')
    .addColumn('id', 'text', (c) => c.primaryKey().notNull())
    .addColumn('token_hash', 'text', (c) => c.notNull())
    .addColumn('created_at', 'integer', (c) => c.notNull())
    .addColumn('last_seen_at', 'integer', (c) => c.notNull())
    .addColumn('revoked_at', 'integer')
    .execute()
  await table(db, 'selections')
    .addColumn('task_id', 'text', (c) => c.notNull().references('tasks.id'))
    .addColumn('device_id', 'text', (c) => c.notNull())
    .addColumn('last_round', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('selections_key', ['task_id', 'device_id'])
    .execute()
}

async function createRounds(db: Kysely<unknown>): Promise<void> {
  await table(db, 'rounds')
    .addColumn('task_id', 'text', (c) => c.notNull().references('tasks.id'))
    .addColumn('number', 'integer', (c) => c.notNull())
    .addColumn('phase', 'text', (c) => c.notNull())
    .addColumn('summary', 'text', (c) => c.notNull())
    .addColumn('opened_at', 'integer', (c) => c.notNull())
    .addColumn('closed_at', 'integer')
    // Last: it grows with the cohort, and SQLite reads past it to reach what follows.
    .addColumn('state', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('rounds_key', ['task_id', 'number'])
    .execute()
  await table(db, 'updates')
    .addColumn('task_id', 'text', (c) => c.notNull())
    .addColumn('round_number', 'integer', (c) => c.notNull())
    .addColumn('device_id', 'text', (c) => c.notNull())
    .addColumn('sha256', 'text', (c) => c.notNull())
    .addColumn('bytes', 'integer', (c) => c.notNull())
    .addColumn('num_examples', 'integer', (c) => c.notNull())
    .addColumn('weight', 'real', (c) => c.notNull())
    .addColumn('norm', 'real', (c) => c.notNull())
    .addColumn('train_ms', 'real')
    .addColumn('loss_before', 'real')
    .addColumn('loss_after', 'real')
    .addColumn('verdict', 'text', (c) => c.notNull())
    .addColumn('received_at', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('updates_key', ['task_id', 'round_number', 'device_id'])
    .addForeignKeyConstraint('updates_round', ['task_id', 'round_number'], 'rounds', ['task_id', 'number'])
    .execute()
}

async function createVersions(db: Kysely<unknown>): Promise<void> {
  await table(db, 'versions')
    .addColumn('task_id', 'text', (c) => c.notNull().references('tasks.id'))
    .addColumn('version', 'integer', (c) => c.notNull())
    .addColumn('parent', 'integer')
    .addColumn('round_number', 'integer')
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('weights_sha256', 'text', (c) => c.notNull())
    .addColumn('num_bytes', 'integer', (c) => c.notNull())
    .addColumn('optimizer_sha256', 'text')
    .addColumn('participants', 'text', (c) => c.notNull())
    .addColumn('plan_hash', 'text', (c) => c.notNull())
    .addColumn('code_version', 'text', (c) => c.notNull())
    .addColumn('data_digest', 'text', (c) => c.notNull())
    .addColumn('created_at', 'integer', (c) => c.notNull())
    .addColumn('evaluation', 'text')
    .addPrimaryKeyConstraint('versions_key', ['task_id', 'version'])
    .addForeignKeyConstraint('versions_parent', ['task_id', 'parent'], 'versions', ['task_id', 'version'])
    // A round makes one version at most, however often it is taken up again.
    .addUniqueConstraint('versions_round', ['task_id', 'round_number'])
    .execute()
  await table(db, 'pointers')
    .addColumn('task_id', 'text', (c) => c.notNull())
    .addColumn('pointer', 'text', (c) => c.notNull().check(sql`pointer in ('head', 'champion', 'anchor')`))
    .addColumn('version', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('pointers_key', ['task_id', 'pointer'])
    .addForeignKeyConstraint('pointers_version', ['task_id', 'version'], 'versions', ['task_id', 'version'])
    .execute()
  await table(db, 'pointer_moves')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('task_id', 'text', (c) => c.notNull().references('tasks.id'))
    .addColumn('pointer', 'text', (c) => c.notNull())
    .addColumn('from_version', 'integer')
    .addColumn('to_version', 'integer', (c) => c.notNull())
    .addColumn('actor', 'text', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('at', 'integer', (c) => c.notNull())
    .execute()
  await db.schema.createIndex('pointer_moves_task').on('pointer_moves').columns(['task_id', 'id']).execute()
}

async function createPeople(db: Kysely<unknown>): Promise<void> {
  await table(db, 'audit')
    .addColumn('seq', 'integer', (c) => c.primaryKey().notNull())
    .addColumn('at', 'integer', (c) => c.notNull())
    .addColumn('actor', 'text', (c) => c.notNull())
    .addColumn('action', 'text', (c) => c.notNull())
    .addColumn('detail', 'text', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull())
    .execute()
  await table(db, 'credentials')
    .addColumn('hash', 'text', (c) => c.primaryKey().notNull())
    .addColumn('kind', 'text', (c) => c.notNull().check(sql`kind in ('link', 'session', 'token')`))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('created_at', 'integer', (c) => c.notNull())
    .addColumn('expires_at', 'integer')
    .addColumn('used_at', 'integer')
    .execute()
}

/** Append-only: a slip of our own code cannot rewrite history; a person with the file can, and the hash chain shows it. */
async function forbidChanges(db: Kysely<unknown>, name: string): Promise<void> {
  for (const verb of ['update', 'delete'])
    await sql`create trigger ${sql.ref(`${name}_no_${verb}`)} before ${sql.raw(verb)} on ${sql.table(name)}
      begin select raise(abort, 'append-only'); end`.execute(db)
}
