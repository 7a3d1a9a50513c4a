import Libsql from 'libsql'
import { expect, it } from '@jest/globals'
import { gateLooks } from '../../../../server/src/store/migrations/004-gate-looks.ts'
import { kyselyOver } from '../../../fixtures/kysely-over.ts'

it('judgements of before become looks, in their order; versions that were not judged do not', async () => {
  const connection = new Libsql(':memory:')
  const judged = (gate: string, judgedAt: number) => JSON.stringify({ datasetDigests: { gate }, judgedAt })
  connection.exec(`create table versions (task_id text, version integer, evaluation text, created_at integer,
      primary key (task_id, version));
    insert into versions values ('b', 1, '${judged('g1', 30.5)}', 3), ('a', 0, null, 1), ('a', 1, '${judged('g1', 20)}', 2),
      ('a', 2, '${judged('g2', 40)}', 4)`)
  await gateLooks.up(kyselyOver(connection))
  expect(
    connection.prepare('select gate_sha256, task_id, version, at, claim from gate_looks order by id').all(),
  ).toEqual([
    { gate_sha256: 'g1', task_id: 'a', version: 1, at: 20, claim: null },
    { gate_sha256: 'g1', task_id: 'b', version: 1, at: 30, claim: null },
    { gate_sha256: 'g2', task_id: 'a', version: 2, at: 40, claim: null },
  ])
  connection.close()
})
