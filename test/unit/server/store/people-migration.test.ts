import Libsql from 'libsql'
import { expect, it } from '@jest/globals'
import { people } from '../../../../server/src/store/migrations/003-people.ts'
import { kyselyOver } from '../../../fixtures/kysely-over.ts'

it('API tokens of before go on as a machine’s; links and sessions end', async () => {
  const connection = new Libsql(':memory:')
  connection.exec(`create table tasks (id text primary key);
    create table credentials (hash text primary key, kind text, name text, role text, created_at integer, expires_at integer, used_at integer);
    insert into credentials values ('a', 'token', 'ci', 'operator', 1, null, null), ('b', 'link', 'ada', 'owner', 1, 2, null),
      ('c', 'session', 'ada', 'owner', 1, 2, null)`)
  await people.up(kyselyOver(connection))
  expect(connection.prepare('select hash, account_id, name, role from api_tokens').all()).toEqual([
    { hash: 'a', account_id: null, name: 'ci', role: 'operator' },
  ])
  expect(connection.prepare('select count(*) as n from links').all()).toEqual([{ n: 0 }])
  expect(connection.prepare('select count(*) as n from sessions').all()).toEqual([{ n: 0 }])
  connection.close()
})
