import Libsql from 'libsql'

/** Held until it is closed or the process ends, however it ends. */
export interface FileLock {
  close(): void
}

/**
 * SQLite's lock on a file of its own, which it makes: the kernel drops it when the process ends, however it ends, and two
 * openers in one process exclude each other too. Never open the file with `fs`: closing any descriptor of a file drops
 * every POSIX lock that the process has on it.
 * @returns undefined where another has it
 * @throws SqliteError, 'SQLITE_NOTADB' where the file is something else
 */
export function lockFile(path: string): FileLock | undefined {
  const lock = new Libsql(path)
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if (error instanceof Libsql.SqliteError && error.code.startsWith('SQLITE_BUSY')) return undefined
    throw error
  }
  return {
    close() {
      if (lock.open) lock.close()
    },
  }
}
