import Libsql from 'libsql'
import { Kysely, Migrator, SqliteDialect } from 'kysely'
import { StartupError } from '../startup-error.ts'
import { migrations } from './migrations/index.ts'
import { SyncQueries } from './sync-query.ts'

/** The rows of one data directory. Single-threaded: the process that holds the directory's lock is the only one. */
export class Database extends SyncQueries {
  readonly #connection: Libsql.Database

  constructor(connection: Libsql.Database) {
    super(connection)
    this.#connection = connection
  }

  close(): void {
    if (this.#connection.open) this.#connection.close()
  }
}

/**
 * Opens or creates the database file and brings its tables up to date. A commit is on disk when it returns
 * (WAL, synchronous=FULL): about 0.3 ms each, so write many rows in one transaction.
 * @throws StartupError 'database-too-new'
 */
export async function openDatabase(file: string): Promise<Database> {
  const connection = new Libsql(file)
  try {
    // The order matters: switching to WAL may have to wait for the timeout set before it.
    for (const pragma of ['busy_timeout = 5000', 'journal_mode = WAL', 'synchronous = FULL', 'foreign_keys = ON'])
      connection.pragma(pragma)
    await migrate(connection)
  } catch (error) {
    connection.close()
    throw error
  }
  return new Database(connection)
}

async function migrate(connection: Libsql.Database): Promise<void> {
  // Not destroyed afterwards: that would close the connection.
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: asKyselyExpects(connection) }) })
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } })
  const applied = (await migrator.getMigrations()).filter((each) => each.executedAt !== undefined)
  const { error } = await migrator.migrateToLatest()
  if (error === undefined) return
  if (applied.length > Object.keys(migrations).length || isUnknownMigration(error))
    throw new StartupError(
      'database-too-new',
      'The data directory was last used by a newer version of Panal. Start that version, or restore a backup made before the upgrade.',
      { cause: error },
    )
  throw error instanceof Error ? error : new Error('the database could not be migrated', { cause: error })
}

const isUnknownMigration = (error: unknown): boolean =>
  error instanceof Error && error.message.includes('previously executed migration')

/** libsql's statements are better-sqlite3's, but for how their types spell the parameters. */
const asKyselyExpects = (connection: Libsql.Database) => ({
  close: () => connection.close(),
  prepare: (sql: string) => {
    const statement = connection.prepare(sql)
    return {
      reader: statement.reader,
      all: (parameters: readonly unknown[]) => statement.all([...parameters]),
      run: (parameters: readonly unknown[]) => statement.run([...parameters]),
      iterate: (parameters: readonly unknown[]) => statement.iterate([...parameters]),
    }
  },
})
