import { pathToFileURL } from 'node:url'
import Libsql from 'libsql'
import { StartupError } from '../startup-error.ts'
import { migrations } from './migrations/index.ts'
import { SyncQueries } from './sync-query.ts'

/** A database that another process may be writing: it can be read as it stands at one moment, and copied. */
export class ReadOnlyDatabase extends SyncQueries {
  readonly #connection: Libsql.Database

  constructor(file: string) {
    // Read-only, so that closing it never brings a log into the file without its checksums. As a URI: libsql ignores
    // better-sqlite3's option for it.
    const connection = new Libsql(`${pathToFileURL(file).href}?mode=ro`)
    super(connection)
    this.#connection = connection
  }

  /** A copy of what is committed now, in one file without a log. Writers go on meanwhile. Not synced. */
  copyTo(file: string): void {
    this.#connection.prepare('VACUUM INTO ?').run([file])
  }

  /** A newer version of this program wrote it. */
  isTooNew(): boolean {
    const known = Object.keys(migrations)
    return this.#migrations().some((name) => !known.includes(name))
  }

  /** Whether the rows are as this program knows them. @throws StartupError 'database-too-new' | 'database-too-old' */
  requireThisVersion(): void {
    if (this.isTooNew())
      throw new StartupError(
        'database-too-new',
        'A newer version of Panal wrote this data directory. Use that version.',
      )
    if (this.#migrations().length < Object.keys(migrations).length)
      throw new StartupError(
        'database-too-old',
        'An older version of Panal wrote this data directory. Start the server on it once, or use that version.',
      )
  }

  /** What SQLite finds wrong with the structure of the file: nothing, where all is well. */
  structuralDamage(): string[] {
    const rows = this.#connection.pragma('integrity_check') as { integrity_check: string }[]
    return rows.map((row) => row.integrity_check).filter((finding) => finding !== 'ok')
  }

  close(): void {
    this.#connection.close()
  }

  #migrations(): string[] {
    const rows = this.#connection.prepare('select name from kysely_migration').all([]) as { name: string }[]
    return rows.map(({ name }) => name)
  }
}
