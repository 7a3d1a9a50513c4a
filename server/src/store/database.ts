import Libsql from 'libsql'
import { closeSync, openSync, readFileSync, readSync, rmSync } from 'node:fs'
import { Kysely, Migrator, SqliteDialect } from 'kysely'
import { StartupError } from '../startup-error.ts'
import { migrations } from './migrations/index.ts'
import { createSums, emptyLog, PageSums, readSums, sumsFileOf } from './page-sums.ts'
import { SyncQueries } from './sync-query.ts'
import { newestImages, positionInIndex, walBytes, walIndexBytes, type WalPosition } from './wal.ts'

/** Frames of the log after which it is brought into the database file: SQLite's own measure. */
const checkpointFrames = 1000

/** The rows of one data directory. Single-threaded: the process that holds the directory's lock is the only one. */
export class Database extends SyncQueries {
  readonly #connection: Libsql.Database
  readonly #file: string
  readonly #sums: PageSums
  readonly #pageBytes: number
  /** `-shm`: closed after the connection, for closing it drops SQLite's own locks on it. */
  readonly #index: number
  readonly #indexHeader = Buffer.alloc(walIndexBytes)
  #nextCheckpoint = checkpointFrames

  constructor(connection: Libsql.Database, file: string, pageBytes: number) {
    super(connection)
    this.#connection = connection
    this.#file = file
    this.#pageBytes = pageBytes
    this.#sums = new PageSums(file, pageBytes)
    this.#index = openSync(`${file}-shm`, 'r')
  }

  close(): void {
    if (!this.#connection.open) return
    this.#checkpointForGood()
    this.#connection.close()
    closeSync(this.#index)
    this.#sums.close()
  }

  protected override committed(): void {
    try {
      const position = this.#position()
      if (position === undefined) return
      this.#sums.note(position)
      if (position.numFrames < this.#nextCheckpoint) return
      // A disk that refuses, or a reader such as a backup, puts it off: the log holds what it held.
      this.#nextCheckpoint = position.numFrames + checkpointFrames
      if (this.#checkpoint(position)) this.#nextCheckpoint = checkpointFrames
    } catch {
      // The commit stands. An older note is true, and the log is checkpointed at a later commit.
    }
  }

  #position(): WalPosition | undefined {
    readSync(this.#index, this.#indexHeader, 0, walIndexBytes, 0)
    return positionInIndex(this.#indexHeader)
  }

  /** Sums first, durable; then the pages. In between, the log still has them. True when all of the log is in the file. */
  #checkpoint({ numFrames }: WalPosition): boolean {
    const log = readFileSync(`${this.#file}-wal`).subarray(0, walBytes(numFrames, this.#pageBytes))
    this.#sums.update(newestImages(log, this.#pageBytes))
    const [done] = this.#connection.pragma('wal_checkpoint(PASSIVE)') as Checkpointed[]
    return done?.busy === 0 && done.log === done.checkpointed
  }

  /** SQLite brings in the log when its last connection closes: the sums have to be true before that. */
  #checkpointForGood(): void {
    try {
      const position = this.#position()
      if (position === undefined) return
      if (!this.#checkpoint(position)) return
      this.#sums.note(emptyLog)
      this.#sums.sync()
      this.#connection.pragma('wal_checkpoint(TRUNCATE)')
    } catch {
      // Without sums the next start trusts the database as it is; with wrong ones it would not start.
      rmSync(sumsFileOf(this.#file), { force: true })
    }
  }
}

interface Checkpointed {
  readonly busy: number
  readonly log: number
  readonly checkpointed: number
}

/**
 * Opens or creates the database file and brings its tables up to date. A commit is on disk when it returns
 * (WAL, synchronous=FULL): about 0.3 ms each, so write many rows in one transaction.
 * Whether the file is what was written, `databaseDamage` says, before.
 * @throws StartupError 'database-too-new'
 */
export async function openDatabase(file: string): Promise<Database> {
  const hasSums = (await readSums(file)) !== undefined
  const connection = connect(file)
  try {
    await migrate(connection)
    const pageBytes = (connection.pragma('page_size') as { page_size: number }[])[0]!.page_size
    // A new database, or one that an older version left, is taken as it is.
    if (!hasSums) await createSums(file, pageBytes, allPages(connection))
    return new Database(connection, file, pageBytes)
  } catch (error) {
    connection.close()
    throw error
  }
}

function connect(file: string): Libsql.Database {
  const connection = new Libsql(file)
  // The order matters: switching to WAL may have to wait for the timeout set before it.
  for (const pragma of [
    'busy_timeout = 5000',
    'journal_mode = WAL',
    'synchronous = FULL',
    'foreign_keys = ON',
    // `Database` does it: no page reaches the file before its sum.
    'wal_autocheckpoint = 0',
  ])
    connection.pragma(pragma)
  return connection
}

/** Not read from the file: closing a file drops the locks that SQLite has on it, and others could delete its log. */
function* allPages(connection: Libsql.Database): Generator<Buffer> {
  connection.pragma('wal_checkpoint(TRUNCATE)')
  const pages = connection.prepare('select data from sqlite_dbpage order by pgno').iterate() as Iterable<{
    data: ArrayBuffer
  }>
  for (const { data } of pages) yield Buffer.from(data)
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
