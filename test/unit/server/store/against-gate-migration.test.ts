import Libsql from 'libsql'
import { expect, it } from '@jest/globals'
import { againstGate } from '../../../../server/src/store/migrations/009-against-gate.ts'
import { kyselyOver } from '../../../fixtures/kysely-over.ts'

it('requests of before were not against the gate', async () => {
  const connection = new Libsql(':memory:')
  connection.exec(`create table move_requests (id integer primary key, version integer not null) strict;
    insert into move_requests values (1, 4)`)
  await againstGate.up(kyselyOver(connection))
  expect(connection.prepare('select * from move_requests').all()).toEqual([{ id: 1, version: 4, against_gate: 0 }])
  expect(() => connection.exec('update move_requests set against_gate = 2')).toThrow('CHECK')
  connection.close()
})
