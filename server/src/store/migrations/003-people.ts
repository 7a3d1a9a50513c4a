import { sql, type CreateTableBuilder, type Kysely, type Migration } from 'kysely'

const table = (db: Kysely<unknown>, name: string): CreateTableBuilder<string> =>
  db.schema.createTable(name).modifyEnd(sql`strict`)

/**
 * Accounts, and what belongs to one: links, sessions, tokens, browsers. Earlier links and sessions end here, for they
 * named no account; API tokens go on as tokens of a machine.
 */
export const people: Migration = {
  async up(db: Kysely<unknown>) {
    await createAccounts(db)
    await createCredentials(db)
    await sql`insert into api_tokens (hash, account_id, name, role, created_at, expires_at, seen_at)
      select hash, null, name, role, created_at, expires_at, null from credentials where kind = 'token'`.execute(db)
    await db.schema.dropTable('credentials').execute()
    await createMoveRequests(db)
  },
}

async function createAccounts(db: Kysely<unknown>): Promise<void> {
  await table(db, 'accounts')
    .addColumn('id', 'text', (c) => c.primaryKey().notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    // The name as it is compared: two accounts may not differ in case or in how a letter is composed.
    .addColumn('name_key', 'text', (c) => c.notNull().unique())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('password', 'text')
    .addColumn('oidc_issuer', 'text')
    .addColumn('oidc_subject', 'text')
    .addColumn('created_at', 'integer', (c) => c.notNull())
    .addColumn('disabled_at', 'integer')
    .addColumn('signed_in_at', 'integer')
    .addUniqueConstraint('accounts_oidc', ['oidc_issuer', 'oidc_subject'])
    .execute()
  await table(db, 'known_browsers')
    .addColumn('hash', 'text', (c) => c.primaryKey().notNull())
    .addColumn('account_id', 'text', (c) => c.notNull().references('accounts.id'))
    .addColumn('seen_at', 'integer', (c) => c.notNull())
    .execute()
}

async function createCredentials(db: Kysely<unknown>): Promise<void> {
  await table(db, 'links')
    .addColumn('hash', 'text', (c) => c.primaryKey().notNull())
    .addColumn('account_id', 'text', (c) => c.notNull().references('accounts.id'))
    .addColumn('created_at', 'integer', (c) => c.notNull())
    .addColumn('expires_at', 'integer', (c) => c.notNull())
    .execute()
  await table(db, 'sessions')
    .addColumn('hash', 'text', (c) => c.primaryKey().notNull())
    .addColumn('account_id', 'text', (c) => c.notNull().references('accounts.id'))
    .addColumn('method', 'text', (c) => c.notNull().check(sql`method in ('link', 'password', 'oidc')`))
    .addColumn('network', 'text', (c) => c.notNull())
    .addColumn('created_at', 'integer', (c) => c.notNull())
    .addColumn('seen_at', 'integer', (c) => c.notNull())
    .addColumn('expires_at', 'integer', (c) => c.notNull())
    .execute()
  await table(db, 'api_tokens')
    .addColumn('hash', 'text', (c) => c.primaryKey().notNull())
    .addColumn('account_id', 'text', (c) => c.references('accounts.id'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('created_at', 'integer', (c) => c.notNull())
    .addColumn('expires_at', 'integer')
    .addColumn('seen_at', 'integer')
    .execute()
  for (const name of ['links', 'sessions', 'api_tokens', 'known_browsers'])
    await db.schema.createIndex(`${name}_account`).on(name).column('account_id').execute()
}

/** Moves of the champion that wait for a second person. */
async function createMoveRequests(db: Kysely<unknown>): Promise<void> {
  await table(db, 'move_requests')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('task_id', 'text', (c) => c.notNull().references('tasks.id'))
    .addColumn('move', 'text', (c) => c.notNull().check(sql`move in ('promote', 'roll-back')`))
    .addColumn('version', 'integer', (c) => c.notNull())
    .addColumn('champion', 'integer')
    .addColumn('reason', 'text', (c) => c.notNull())
    // Null where a machine's token asked.
    .addColumn('asked_by', 'text', (c) => c.references('accounts.id'))
    .addColumn('asked_as', 'text', (c) => c.notNull())
    .addColumn('asked_at', 'integer', (c) => c.notNull())
    .addColumn('expires_at', 'integer', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull().check(sql`state in ('waiting', 'approved', 'refused')`))
    .addColumn('decided_as', 'text')
    .addColumn('decided_at', 'integer')
    .execute()
  await db.schema.createIndex('move_requests_task').on('move_requests').columns(['task_id', 'id']).execute()
}
