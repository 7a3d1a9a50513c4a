import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Libsql from 'libsql'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { SyncQueries } from '../../../../server/src/store/sync-query.ts'

let folder: string
let connection: Libsql.Database
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-sync-query-'))
  connection = new Libsql(join(folder, 'test.db'))
})
afterEach(async () => {
  connection.close()
  await rm(folder, { recursive: true })
})

const fail = () => {
  throw new Error('what went wrong first')
}

/** From now on a disk that fails at every attempt to undo. */
function refuseToUndo(): void {
  const exec = connection.exec.bind(connection)
  jest.spyOn(connection, 'exec').mockImplementation((sql) => {
    if (sql.startsWith('ROLLBACK')) throw new Libsql.SqliteError('disk I/O error', 'SQLITE_IOERR', 0)
    return exec(sql)
  })
}

describe('what cannot be undone', () => {
  it('does not hide the error that led there', () => {
    const db = new SyncQueries(connection)
    refuseToUndo()
    expect(() => db.transaction(fail)).toThrow('what went wrong first')
  })

  it('in a part of a transaction is no refusal of that part: all of it fails, with the reason', () => {
    const db = new SyncQueries(connection)
    refuseToUndo()
    const cause = expect.objectContaining({ message: 'what went wrong first' }) as unknown
    expect(() => db.transaction(() => db.attempt(fail))).toThrow(
      expect.objectContaining({ message: 'a part of a transaction could not be undone', cause }),
    )
  })
})
