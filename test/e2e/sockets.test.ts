import { afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { Closing } from '@panal/client-core'
import { createTask, useLiveServer } from '../fixtures/live-server.ts'
import { upgradeStatus } from '../fixtures/raw-http.ts'
import { ask, heartbeat, joinMessage, joinTask, next, openSocket } from '../fixtures/raw-device.ts'

const live = useLiveServer({ maxSockets: 50 })
beforeAll(async () => {
  await createTask(live)
}, 60_000)

const opened: { close(): void }[] = []
afterEach(() => opened.splice(0).forEach((each) => each.close()))

const connected = async () => {
  const socket = openSocket(live)
  opened.push(socket)
  await next(socket, 'connect')
  return socket
}

describe('joining', () => {
  it('needs a known version, a device’s own key and a known task', async () => {
    const device = await live.enrol()
    const other = await live.enrol()
    const join = (changes: object) =>
      connected().then((socket) => ask(socket, 'join', { ...joinMessage('digits', device), ...changes }))
    expect(await join({ protocolVersion: 99 })).toMatchObject({ code: 'unsupported-version' })
    expect(await join(joinMessage('digits', { ...other, deviceId: device.deviceId }))).toMatchObject({
      code: 'unauthorized',
    })
    expect(await join({ deviceId: `d_${'A'.repeat(22)}` })).toMatchObject({ code: 'unauthorized' })
    expect(await join({ taskId: 'nope' })).toMatchObject({ code: 'unknown-task' })
    expect(await join({ numExamples: '10' })).toMatchObject({ code: 'bad-request' })
    expect(await join({})).toMatchObject({ ok: true, task: { id: 'digits' }, pointers: { head: 0 } })
  })

  it('comes before heartbeats and declines', async () => {
    const socket = await connected()
    expect(await ask(socket, 'heartbeat', heartbeat)).toMatchObject({ code: 'not-joined' })
    expect(await ask(socket, 'decline', { roundNumber: 1, reason: 'failed' })).toMatchObject({ code: 'not-joined' })
    expect(await ask(socket, 'leave', {})).toEqual({ ok: true })
  })

  it('happens once per connection: for one task and one device', async () => {
    const { socket, ...device } = await joinTask(live, 'digits')
    opened.push(socket)
    expect(await ask(socket, 'join', joinMessage('digits', device))).toMatchObject({ ok: true })
    const other = await live.enrol()
    expect(await ask(socket, 'join', joinMessage('digits', other))).toMatchObject({ code: 'bad-request' })
    expect(await ask(socket, 'heartbeat', heartbeat)).toMatchObject({ ok: true })
  })

  it('by a second connection of the same device closes the first', async () => {
    const first = await joinTask(live, 'digits')
    const closing = next<Closing>(first.socket, 'closing')
    const second = await connected()
    expect(await ask(second, 'join', joinMessage('digits', first))).toMatchObject({ ok: true })
    expect(await closing).toMatchObject({ code: 'superseded' })
    expect(await ask(second, 'heartbeat', heartbeat)).toMatchObject({ ok: true })
  })
})

describe('who may connect', () => {
  it('no more than there is room for', async () => {
    const many = await Promise.all(Array.from({ length: 50 }, () => connected()))
    expect(many).toHaveLength(50)
    expect(await upgradeStatus(live.url)).toBe(503)
  })
})
