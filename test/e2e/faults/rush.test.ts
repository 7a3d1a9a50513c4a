import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { enrolAll, joinAll, type Joined } from '../../bench/load/crowd.ts'
import { Timings } from '../../bench/load/timings.ts'
import { startServerProcess } from '../../bench/server-process.ts'
import { createTask, type LiveServer } from '../../fixtures/live-server.ts'

it('[F50] joins at the rate of 10,000 a minute: one in a hundred waits for a second at most', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'panal-rush-'))
  // A process of its own: here it would wait for its own devices.
  const server = await startServerProcess(folder)
  let devices: Joined[] = []
  try {
    const ask = (path: string, init: RequestInit = {}) => fetch(server.url + path, init)
    const operator = { authorization: `Bearer ${server.token}` }
    await createTask(
      {
        operatorToken: server.token,
        fetch: ask,
        asOperator: (method, path, body) =>
          ask(path, {
            method,
            headers: { ...operator, 'content-type': 'application/json' },
            body: JSON.stringify(body),
          }),
      } as LiveServer,
      { lease: { heartbeatMs: 60_000, leaseMs: 600_000 } },
    )
    const [joins, problems] = [new Timings(), [] as string[]]
    // Six seconds of that minute; `npm run bench -- load` has all ten thousand, twice as fast.
    const identities = await enrolAll(server.url, 'digits', 1_000)
    devices = await joinAll(identities, {
      server: server.url,
      taskId: 'digits',
      idle: true,
      joinsPerSecond: 10_000 / 60,
      joins,
      onProblem: (problem) => problems.push(problem),
    })
    expect([joins.count, problems]).toEqual([1_000, []])
    expect(joins.quantile(0.99)).toBeLessThan(1_000)
    const { numMembers } = (await (await ask('/v1/tasks/digits')).json()) as { numMembers: number }
    expect(numMembers).toBe(1_000)
  } finally {
    for (const { connection } of devices) connection.close()
    await server.stop()
    await rm(folder, { recursive: true })
  }
}, 120_000)
