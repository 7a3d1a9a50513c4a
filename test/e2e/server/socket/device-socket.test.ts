import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { expect, it } from '@jest/globals'
import { systemClock } from '@panal/client-core'
import { io } from 'socket.io-client'
import { makeLog } from '../../../../server/src/log.ts'
import type { Rounds } from '../../../../server/src/round/contract.ts'
import type { SocketPorts } from '../../../../server/src/socket/device-socket.ts'
import { attachSockets } from '../../../../server/src/socket/sockets.ts'
import { ask, joinMessage, next } from '../../../fixtures/raw-device.ts'
import { testDeviceId, testDeviceToken } from '../../../fixtures/wire.ts'

it('an answer that cannot be encoded is a line in the log: neither process nor connection end', async () => {
  const lines: { msg: string }[] = []
  const rounds: Partial<Rounds> = {
    onRound: () => () => undefined,
    onPromoted: () => () => undefined,
    unlink: () => undefined,
    join: () => ({ ok: true, task: 1n }) as never, // JSON has no bigint
  }
  const http = createServer().listen(0, '127.0.0.1')
  await once(http, 'listening')
  const ports = {
    clock: systemClock(globalThis),
    log: makeLog('info', { write: (line: string) => void lines.push(JSON.parse(line) as { msg: string }) }),
    rounds: rounds as Rounds,
    hasTask: () => true,
    isDevice: () => true,
  } satisfies SocketPorts
  const sockets = attachSockets(http, ports, { allowed: new Set(), maxSockets: 5, connectTimeoutMs: 5_000 } as never)
  const unhandled: unknown[] = []
  const note = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', note)
  const socket = io(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, { transports: ['websocket'] })
  try {
    await next(socket, 'connect')
    socket.emit(
      'join',
      joinMessage('digits', { deviceId: testDeviceId, deviceToken: testDeviceToken }),
      () => undefined,
    )
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
