import Libsql from 'libsql'
import { expect, it } from '@jest/globals'
import { aggregates } from '../../../../server/src/store/migrations/013-aggregates.ts'
import { kyselyOver } from '../../../fixtures/kysely-over.ts'

it('versions of before have no aggregate, and those after may', async () => {
  const connection = new Libsql(':memory:')
  connection.exec(`create table versions (task_id text not null, version integer not null, optimizer_sha256 text,
      primary key (task_id, version)) strict;
    insert into versions values ('digits', 0, null), ('digits', 1, 'e1')`)
  await aggregates.up(kyselyOver(connection))
  connection.exec(`insert into versions values ('digits', 2, 'e2', 'a2')`)
  expect(connection.prepare('select * from versions order by version').all()).toEqual([
    { task_id: 'digits', version: 0, optimizer_sha256: null, aggregate_sha256: null },
    { task_id: 'digits', version: 1, optimizer_sha256: 'e1', aggregate_sha256: null },
    { task_id: 'digits', version: 2, optimizer_sha256: 'e2', aggregate_sha256: 'a2' },
  ])
  connection.close()
})
