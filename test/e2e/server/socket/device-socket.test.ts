import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { once } from 'node:events'
import { expect, it } from '@jest/globals'
import { systemClock, type RoundSummary } from '@panal/client-core'
import { io } from 'socket.io-client'
import { makeLog } from '../../../../server/src/log.ts'
import type { Rounds } from '../../../../server/src/round/contract.ts'
import type { SocketPorts } from '../../../../server/src/socket/device-socket.ts'
import { attachSockets } from '../../../../server/src/socket/sockets.ts'
import { joinMessage, joinProof, next, ask, testDevice } from '../../../fixtures/raw-device.ts'
import { benchServer } from '../../../fixtures/server-keys.ts'

const neverAsked: Partial<Rounds> = {
  onRound: () => () => undefined,
  onPromoted: () => () => undefined,
  unlink: () => undefined,
}

async function openSockets(rounds: Partial<Rounds>, standing: SocketPorts['standing'] = () => 'good') {
  const lines: { msg: string }[] = []
  let log: (line: string) => void = () => undefined
  const logged = new Promise<void>((resolve) => {
    log = (line) => {
      lines.push(JSON.parse(line) as { msg: string })
      resolve()
    }
  })
  const http = createServer().listen(0, '127.0.0.1')
  await once(http, 'listening')
  const ports = {
    clock: systemClock(globalThis),
    log: makeLog('info', { write: log }),
    rounds: { ...neverAsked, ...rounds } as Rounds,
    hasTask: () => true,
    standing,
    nonces: { current: 'n' },
    keys: benchServer,
    allowed: new Set<string>(),
  } satisfies SocketPorts
  const sockets = attachSockets(http, ports, {
    allowed: new Set(),
    maxSockets: 5,
    maxStrangersPerNetwork: 5,
    trustProxy: [],
    connectTimeoutMs: 5_000,
  })
  const connection = once(http, 'connection') as Promise<[Socket]>
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const socket = io(origin, {
    transports: ['websocket'],
    reconnection: false,
  })
  await next(socket, 'connect')
  return { http, sockets, socket, origin, lines, logged, connection: (await connection)[0] }
}

it('an answer that cannot be encoded is a line in the log: neither process nor connection end', async () => {
  const join = () => ({ ok: true, task: 1n }) as never // JSON has no bigint
  const { http, sockets, socket, origin, lines, logged } = await openSockets({ join })
  const unhandled: unknown[] = []
  const note = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', note)
  const device = await testDevice()
  const message = joinMessage('digits', device)
  try {
    socket.emit(
      'join',
      { ...message, proof: await joinProof(device, message, { nonce: socket.id!, origin }) },
      () => undefined,
    )
    // Later than the join: its proof is checked off this thread.
    await logged
    expect(await ask(socket, 'watch', { taskId: 'digits' })).toEqual({ ok: true })
    expect(lines).toEqual([expect.objectContaining({ msg: 'socket message failed', event: 'join' })])
    expect(unhandled).toEqual([])
  } finally {
    process.off('unhandledRejection', note)
    socket.close()
    await sockets.close({ code: 'draining', detail: 'over' })
    http.close()
  }
})

it('[F17] a device that is revoked after its lease lapsed loses its connection with its next message', async () => {
  let standing: ReturnType<SocketPorts['standing']> = 'good'
  const declined: unknown[] = []
  const { http, sockets, socket, origin } = await openSockets(
    {
      join: () => ({ ok: true }) as never,
      decline: (...decline) => {
        declined.push(decline)
        return { ok: true }
      },
    },
    () => standing,
  )
  const device = await testDevice()
  const message = joinMessage('digits', device)
  const proof = await joinProof(device, message, { nonce: socket.id!, origin })
  expect(await socket.emitWithAck('join', { ...message, proof })).toMatchObject({ ok: true })
  standing = 'revoked'
  const closing = next(socket, 'closing')
  void ask(socket, 'decline', { roundNumber: 1, reason: 'failed' })
  expect(await closing).toMatchObject({ code: 'revoked' })
  expect(declined).toEqual([])
  socket.close()
  await sockets.close({ code: 'draining', detail: 'over' })
  http.close()
})

it('a connection that breaks while the server closes does not keep it from closing', async () => {
  const { http, sockets, socket, connection } = await openSockets({})
  const closing = sockets.close({ code: 'draining', detail: 'over' })
  connection.destroy(new Error('write after end')) // as when a device hangs up and the farewell comes behind it
  await expect(closing).resolves.toBeUndefined()
  socket.close()
  http.close()
})

it('[P13] who watches is told how far the gate is; a device is told of the same round without it', async () => {
  let publish: (round: RoundSummary) => void = () => undefined
  const onRound: Rounds['onRound'] = (listener) => {
    publish = listener
    return () => undefined
  }
  const device = await testDevice()
  const join = () => ({ ok: true }) as never
  const { http, sockets, socket: member, origin } = await openSockets({ onRound, join })
  const watcher = io(origin, { transports: ['websocket'], reconnection: false })
  await next(watcher, 'connect')
  const told: Record<'member' | 'watcher', RoundSummary[]> = { member: [], watcher: [] }
  member.on('round', (round: RoundSummary) => told.member.push(round))
  watcher.on('round', (round: RoundSummary) => told.watcher.push(round))
  try {
    const message = joinMessage('digits', device)
    const proof = await joinProof(device, message, { nonce: member.id!, origin })
    expect(await ask(member, 'join', { ...message, proof })).toMatchObject({ ok: true })
    expect(await ask(watcher, 'watch', { taskId: 'digits' })).toEqual({ ok: true })
    const round = { taskId: 'digits', phase: 'gating' } as RoundSummary
    const closed = [member, watcher].map(
      (socket) =>
        new Promise<void>((resolve) =>
          socket.on('round', (news: RoundSummary) => news.phase === 'closed' && resolve()),
        ),
    )
    // Of one round, only the newest is told in an interval: these are of three.
    publish({ ...round, number: 1 })
    publish({ ...round, number: 2, judging: { check: 'integrity', numDone: 0, numChecks: 2 } })
    publish({ ...round, number: 3, phase: 'closed' })
    await Promise.all(closed)
    expect(told.watcher.map(({ number, judging }) => [number, judging?.check])).toEqual([
      [1, undefined],
      [2, 'integrity'],
      [3, undefined],
    ])
    expect(told.member.map(({ number, judging }) => [number, judging])).toEqual([
      [1, undefined],
      [3, undefined],
    ])
  } finally {
    member.close()
    watcher.close()
    await sockets.close({ code: 'draining', detail: 'over' })
    http.close()
  }
})
