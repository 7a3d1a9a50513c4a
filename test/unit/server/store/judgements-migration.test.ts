import Libsql from 'libsql'
import { expect, it } from '@jest/globals'
import { judgements } from '../../../../server/src/store/migrations/007-judgements.ts'
import { kyselyOver } from '../../../fixtures/kysely-over.ts'

it('looks of before become judgements with their versions’ reports, in their order, and can then not be changed', async () => {
  const connection = new Libsql(':memory:')
  const report = (reason: string) => JSON.stringify({ verdict: 'PASS', reason })
  connection.exec(`create table versions (task_id text, version integer, status text, evaluation text,
      report_signature text, primary key (task_id, version));
    create table gate_looks (id integer primary key, gate_sha256 text, task_id text, version integer, at integer,
      claim integer);
    create index gate_looks_set on gate_looks (gate_sha256, id);
    insert into versions values ('a', 0, 'initial', null, null), ('a', 1, 'promoted', '${report('good')}', '{"signed":1}'),
      ('a', 2, 'unsound', '${report('broken')}', null), ('b', 1, 'candidate', '${report('who knows')}', null),
      ('b', 2, 'held', '${report('too few')}', null), ('b', 3, 'rejected', '${report('worse')}', null);
    insert into gate_looks values (3, 'g1', 'b', 1, 30, 1), (4, 'g1', 'a', 1, 40, 0), (5, 'g2', 'a', 2, 50, null),
      (6, 'g2', 'b', 2, 60, null), (7, 'g2', 'b', 3, 70, null)`)
  await judgements.up(kyselyOver(connection))
  const columns = 'id, task_id, version, actor, outcome, reason, at, gate_sha256, claim, signature'
  const all = connection.prepare(`select ${columns} from judgements order by id`).raw().all()
  expect(all).toEqual([
    [1, 'b', 1, 'gate', 'held', 'who knows', 30, 'g1', 1, null],
    [2, 'a', 1, 'gate', 'promoted', 'good', 40, 'g1', 0, '{"signed":1}'],
    [3, 'a', 2, 'gate', 'rejected', 'broken', 50, 'g2', null, null],
    [4, 'b', 2, 'gate', 'held', 'too few', 60, 'g2', null, null],
    [5, 'b', 3, 'gate', 'rejected', 'worse', 70, 'g2', null, null],
  ])
  expect(connection.prepare('select report from judgements where id = 2').raw().get()).toEqual([report('good')])
  expect(connection.prepare('select * from versions where version = 2 order by task_id').all()).toEqual([
    { task_id: 'a', version: 2, status: 'unsound' },
    { task_id: 'b', version: 2, status: 'held' },
  ])
  for (const change of ['update judgements set reason = 1', 'delete from judgements'])
    expect(() => connection.exec(change)).toThrow('append-only')
  connection.close()
})
