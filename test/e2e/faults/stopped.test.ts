import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { systemClock, type RoundSummary } from '@panal/client-core'
import type { Socket } from 'socket.io-client'
import { startServerProcess, type ServerProcess } from '../../bench/server-process.ts'
import { createTask, type LiveServer } from '../../fixtures/live-server.ts'
import { ask, next, openSocket } from '../../fixtures/raw-device.ts'

const script = fileURLToPath(new URL('../../fixtures/device-process.ts', import.meta.url))
const leaseMs = 1_500

let folder: string
let server: ServerProcess
let watcher: Socket
let children: ChildProcess[]

/** Resolves with the first round, closed from now on, that is wanted. */
const closedRound = (wanted: (round: RoundSummary) => boolean): Promise<RoundSummary> =>
  new Promise((resolve) => {
    const heard = (round: RoundSummary) => {
      if (round.phase !== 'closed' || !wanted(round)) return
      watcher.off('round', heard)
      resolve(round)
    }
    watcher.on('round', heard)
  })

const startDevices = (count: number): ChildProcess => {
  const args = ['--import', 'tsx', script, server.url, 'digits', String(count)]
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'NODE_OPTIONS'))
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  children.push(child)
  return child
}

beforeEach(async () => {
  children = []
  folder = await mkdtemp(join(tmpdir(), 'panal-stopped-'))
  server = await startServerProcess(folder)
  const call = (path: string, init: RequestInit = {}) => fetch(server.url + path, init)
  const headers = { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' }
  const live = {
    url: server.url,
    operatorToken: server.token,
    fetch: call,
    asOperator: (method, path, body) => call(path, { method, headers, body: JSON.stringify(body) }),
  } as LiveServer
  await createTask(live, {
    // A device that the server waited for until the deadline would be waited for until the test is over.
    cohort: { size: 3, overSelection: 1, reportingGoal: 3, minimum: 2, deadlineMs: 600_000 },
    lease: { heartbeatMs: leaseMs / 3, leaseMs },
    rounds: { minIntervalMs: 100 },
  })
  watcher = openSocket(live)
  await next(watcher, 'connect')
  await ask(watcher, 'watch', { taskId: 'digits' })
}, 60_000)
afterEach(async () => {
  watcher.close()
  for (const child of children) {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  await server.stop()
  await rm(folder, { recursive: true })
}, 60_000)

describe('[F46] SIGSTOP for longer than a lease', () => {
  it('of a device delays the others by its lease, once; after SIGCONT it takes part again', async () => {
    startDevices(2)
    const one = startDevices(1)
    const all = await closedRound(({ numAccepted }) => numAccepted === 3)
    one.kill('SIGSTOP')
    const without = await closedRound(({ number, numAccepted }) => number > all.number && numAccepted === 2)
    const next = await closedRound(({ number }) => number > without.number)
    expect(next).toMatchObject({ numInvited: 2, numAccepted: 2 })
    one.kill('SIGCONT')
    const again = await closedRound(({ number, numAccepted }) => number > next.number && numAccepted === 3)
    expect(again.baseVersion).toBeGreaterThan(all.baseVersion)
  }, 120_000)

  it('of the server loses nobody: the same devices go on when it does', async () => {
    startDevices(3)
    const before = await closedRound(({ numAccepted }) => numAccepted === 3)
    process.kill(server.pid, 'SIGSTOP')
    await systemClock(globalThis).sleep(2 * leaseMs) // what is tested: all leases are over when it wakes
    process.kill(server.pid, 'SIGCONT')
    const after = await closedRound(({ number, numAccepted }) => number > before.number + 1 && numAccepted === 3)
    expect(after.candidateVersion).toBeGreaterThan(before.candidateVersion!)
    expect(children[0]!.exitCode).toBeNull()
  }, 120_000)
})
