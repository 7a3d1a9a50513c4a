import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { enrolAll, joinAll, type Joined } from '../../bench/load/crowd.ts'
import { Timings } from '../../bench/load/timings.ts'
import { startServerProcess } from '../../bench/server-process.ts'
import { createTask, type LiveServer } from '../../fixtures/live-server.ts'

/** Six seconds of that minute; RUSH_DEVICES=10000 has all of it. */
const numDevices = Number(process.env['RUSH_DEVICES'] ?? 1_000)

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
    const identities = await enrolAll(server.url, 'digits', numDevices)
    devices = await joinAll(identities, {
      server: server.url,
      taskId: 'digits',
      idle: true,
      joinsPerSecond: 10_000 / 60,
      joins,
      onProblem: (problem) => problems.push(problem),
    })
    expect([joins.count, problems]).toEqual([numDevices, []])
    expect(joins.quantile(0.99)).toBeLessThan(1_000)
    const { numMembers } = (await (await ask('/v1/tasks/digits')).json()) as { numMembers: number }
    expect(numMembers).toBe(numDevices)
  } finally {
    for (const { connection } of devices) connection.close()
    await server.stop()
    await rm(folder, { recursive: true })
  }
}, 300_000)

it('a thousand connections at once wait for a server that is busy', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'panal-rush-'))
  const server = await startServerProcess(folder)
  const allowed = Number(await readFile('/proc/sys/net/core/somaxconn', 'utf8'))
  const { hostname, port } = new URL(server.url)
  process.kill(server.pid, 'SIGSTOP')
  const sockets = Array.from({ length: Math.min(1_000, allowed) }, () => connect(Number(port), hostname))
  try {
    // Rejects where one is reset; where the kernel lets one try again and again, it would wait for ever.
    const signal = AbortSignal.timeout(20_000)
    await Promise.all(sockets.map((socket) => once(socket, 'connect', { signal })))
  } finally {
    process.kill(server.pid, 'SIGCONT')
    for (const socket of sockets) socket.destroy()
    await server.stop()
    await rm(folder, { recursive: true })
  }
}, 30_000)
