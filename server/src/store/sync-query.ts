import Libsql from 'libsql'
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, type Compilable } from 'kysely'
import { diskFull, isDiskFull } from './disk-full.ts'
import type { Schema } from './schema.ts'

export type Connection = Libsql.Database

/** Kysely for building queries only: it cannot run them, so nothing asynchronous can slip between two statements. */
export const query = new Kysely<Schema>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})

/** Distinct SQL texts kept prepared; a query with lists of many lengths must not grow this without end. */
const maxPrepared = 500

/**
 * Runs Kysely's queries on one connection, at once: a call returns when SQLite has answered, so that several calls
 * inside `transaction` are one uninterruptible step and nobody interleaves.
 */
export class SyncQueries {
  readonly #connection: Connection
  readonly #prepared = new Map<string, Libsql.Statement>()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  all<Row>(compilable: Compilable<Row>): Row[] {
    const { statement, parameters } = this.#prepare(compilable)
    // The compiler named the columns, so the rows have the type it inferred.
    return guard(() => statement.all(parameters)) as Row[]
  }

  first<Row>(compilable: Compilable<Row>): Row | undefined {
    return this.all(compilable)[0]
  }

  /** Number of rows inserted, changed or deleted. */
  run(compilable: Compilable): number {
    const { statement, parameters } = this.#prepare(compilable)
    const { changes } = guard(() => statement.run(parameters))
    if (!this.#inTransaction()) this.committed()
    return changes
  }

  /**
   * All or nothing, and durable when it returns. Inside another transaction it joins that one.
   * `work` must not be async: what came after its first await would run outside.
   */
  transaction<Result>(work: () => Result): Result {
    if (this.#inTransaction()) return work()
    guard(() => this.#connection.exec('BEGIN IMMEDIATE'))
    try {
      const result = work()
      if (result instanceof Promise) throw new TypeError('transaction: the work must be synchronous')
      guard(() => this.#connection.exec('COMMIT'))
      this.committed()
      return result
    } catch (error) {
      this.#rollBack()
      throw error
    }
  }

  /** A part of a transaction that may fail alone: what `work` throws undoes what it wrote, and nothing before it. */
  attempt<Result>(work: () => Result): Result {
    if (!this.#inTransaction()) throw new Error('attempt: there is no transaction to be a part of')
    guard(() => this.#connection.exec('SAVEPOINT attempt'))
    try {
      const result = work()
      guard(() => this.#connection.exec('RELEASE attempt'))
      return result
    } catch (error) {
      this.#undoAttempt(error)
      throw error
    }
  }

  #rollBack(): void {
    try {
      // A full disk makes SQLite roll back by itself.
      if (this.#inTransaction()) this.#connection.exec('ROLLBACK')
    } catch {
      // The transaction is over all the same, and this error would hide the one that matters.
    }
  }

  #undoAttempt(why: unknown): void {
    try {
      // A full disk has rolled back all of it; what follows in the transaction finds that out.
      if (this.#inTransaction()) this.#connection.exec('ROLLBACK TO attempt; RELEASE attempt')
    } catch {
      // Whoever would pass over `why` and go on to commit must not.
      throw new Error('a part of a transaction could not be undone', { cause: why })
    }
  }

  /** Called after each commit; it must not throw, for the commit stands. */
  protected committed(): void {
    // whoever keeps count of commits does it here
  }

  #inTransaction(): boolean {
    return this.#connection.inTransaction
  }

  #prepare(compilable: Compilable): { statement: Libsql.Statement; parameters: unknown[] } {
    const { sql, parameters } = compilable.compile()
    let statement = this.#prepared.get(sql)
    if (statement === undefined) {
      if (this.#prepared.size >= maxPrepared) this.#prepared.clear()
      statement = guard(() => this.#connection.prepare(sql))
      this.#prepared.set(sql, statement)
    }
    return { statement, parameters: parameters.map((value) => bindable(value, sql)) }
  }
}

/** SQLite found pages that cannot be right. What it answered before may rest on others that are not. */
export class DamagedDatabaseError extends Error {
  override readonly name = 'DamagedDatabaseError'
  readonly code = 'damaged-database'
  constructor(cause: unknown) {
    super('the database is damaged: stop the server, run `panal check`, and restore a backup as it says', { cause })
  }
}

/** libsql aborts the whole process on a boolean and stores NaN as NULL: both are refused here, where a stack remains. */
function bindable(value: unknown, sql: string): unknown {
  const good =
    value === null ||
    typeof value === 'string' ||
    (typeof value === 'number' && !Number.isNaN(value)) ||
    value instanceof Uint8Array
  if (!good) throw new TypeError(`a value of type ${typeof value}, or NaN, cannot be stored: ${sql}`)
  return value
}

function guard<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Libsql.SqliteError)) throw error
    if (isDiskFull(error)) throw diskFull(error)
    if (/^SQLITE_(CORRUPT|NOTADB)/.test(error.code)) throw new DamagedDatabaseError(error)
    throw error
  }
}
