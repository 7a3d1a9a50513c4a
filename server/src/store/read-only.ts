import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import Libsql from 'libsql'
import { databaseDamage } from './database-file.ts'
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

  /** What SQLite finds wrong with the structure of the file: nothing, where all is well. */
  structuralDamage(): string[] {
    const rows = this.#connection.pragma('integrity_check') as { integrity_check: string }[]
    return rows.map((row) => row.integrity_check).filter((finding) => finding !== 'ok')
  }

  close(): void {
    this.#connection.close()
  }
}

/** Between two looks at a file that a running server writes, ms. */
const lookAgainMs = 200

/**
 * `databaseDamage` where a server may be writing: a page caught between its sum and itself looks damaged once; one that
 * is damaged looks so at each of five looks.
 */
export async function liveDatabaseDamage(file: string): ReturnType<typeof databaseDamage> {
  for (let look = 1; ; look++) {
    const damage = await databaseDamage(file)
    if (damage === 'unchecked' || damage.length === 0 || look === 5) return damage
    await sleep(lookAgainMs)
  }
}
