import Libsql from 'libsql'
import { expect, it } from '@jest/globals'
import { countedRounds } from '../../../../server/src/store/migrations/010-counted-rounds.ts'
import { kyselyOver } from '../../../fixtures/kysely-over.ts'

it('updates of before count in the round that their device was asked in, and those that do not are found by an index', async () => {
  const connection = new Libsql(':memory:')
  connection.exec(`create table updates (task_id text not null, round_number integer not null) strict;
    insert into updates values ('digits', 4)`)
  await countedRounds.up(kyselyOver(connection))
  expect(connection.prepare('select * from updates').all()).toEqual([
    { task_id: 'digits', round_number: 4, counted_round: null },
  ])
  const plan = connection.prepare(
    `explain query plan select * from updates where task_id = 'digits' and counted_round = 5`,
  )
  expect(plan.all()).toMatchObject([{ detail: expect.stringContaining('updates_counted') }])
  connection.close()
})
