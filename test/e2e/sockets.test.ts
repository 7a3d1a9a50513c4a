import { afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { Closing } from '@panal/client-core'
import { WebSocket } from 'ws'
import { createTask, useLiveServer } from '../fixtures/live-server.ts'
import { ask, heartbeat, joinMessage, joinTask, next, openSocket } from '../fixtures/raw-device.ts'

const live = useLiveServer({ allowedOrigins: ['https://app.example'], maxSockets: 50 })
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
const url = () => live.url.replace('http', 'ws') + '/socket.io/?EIO=4&transport=websocket'

/** A bare WebSocket after the Socket.IO handshake, to send frames that no library would. */
const bare = async (): Promise<WebSocket> => {
  const socket = new WebSocket(url())
  opened.push(socket)
  const connectedAt = new Promise((resolve) => {
    socket.on('message', (data) => {
      const text = (data as Buffer).toString()
      if (text.startsWith('0')) socket.send('40')
      if (text.startsWith('40')) resolve(undefined)
    })
  })
  await connectedAt
  return socket
}
const closedAfter = async (...frames: (string | Buffer)[]): Promise<boolean> => {
  const socket = await bare()
  const closed = new Promise((resolve) => socket.on('close', resolve))
  for (const frame of frames) socket.send(frame)
  await closed
  return true
}

describe('a frame that makes no sense closes the connection', () => {
  it.each([
    ['garbage', 'garbage'],
    ['no JSON', '42{'],
    ['an event without a name', '42[]'],
    ['an unknown packet type', '49'],
    ['a reserved event name', '42["connect"]'],
    ['half a binary packet', '451-["join",{"_placeholder":true,"num":-1}]'],
    ['more attachments than anybody needs', '4599-["join"]'],
  ])('%s', async (_, frame) => {
    expect(await closedAfter(frame, Buffer.from('x'))).toBe(true)
  })

  it('an oversize frame', async () => {
    expect(await closedAfter(`42["watch",{"taskId":"${'x'.repeat(70_000)}"}]`)).toBe(true)
  })

  it('a second client is not harmed by any of it', async () => {
    const bystander = await connected()
    await closedAfter('garbage')
    expect(await ask(bystander, 'watch', { taskId: 'digits' })).toEqual({ ok: true })
  })
})

describe('an event that makes no sense is refused with a code', () => {
  it.each([
    ['an unknown event', 'frobnicate', {}],
    ['an event of the prototype', '__proto__', {}],
    ['a wrong payload', 'watch', { taskId: 5 }],
    ['a path for an id', 'watch', { taskId: '../../etc' }],
    ['no payload', 'watch', null],
    ['an array', 'join', []],
    ['bytes', 'join', Buffer.from('join')],
  ])('%s', async (_, event, payload) => {
    expect(await ask(await connected(), event, payload)).toMatchObject({ ok: false, code: 'bad-request' })
  })

  it('an event without acknowledgement is dropped, and the connection lives', async () => {
    const socket = await connected()
    socket.emit('watch', { taskId: 'digits' })
    socket.emit('join')
    socket.emit('heartbeat', heartbeat, 'not a function')
    expect(await ask(socket, 'watch', { taskId: 'digits' })).toEqual({ ok: true })
  })

  it('too many of them close the connection, and say why', async () => {
    const socket = await connected()
    const ended = Promise.all([next<Closing>(socket, 'closing'), next<string>(socket, 'disconnect')])
    for (let i = 0; i < 20; i++) socket.emit('frobnicate')
    expect(await ended).toEqual([expect.objectContaining({ code: 'bad-request' }), 'io server disconnect'])
  })

  it('a flood closes the connection', async () => {
    const socket = await connected()
    const closing = next<Closing>(socket, 'closing')
    for (let i = 0; i < 300; i++) socket.emit('watch', { taskId: 'digits' }, () => undefined)
    expect(await closing).toMatchObject({ code: 'rate-limited' })
  })
})

describe('joining', () => {
  it('needs a known version, a device’s own token and a known task', async () => {
    const device = await live.enrol()
    const other = await live.enrol()
    const join = (changes: object) =>
      connected().then((socket) => ask(socket, 'join', { ...joinMessage('digits', device), ...changes }))
    expect(await join({ protocolVersion: 99 })).toMatchObject({ code: 'unsupported-version' })
    expect(await join({ deviceToken: other.deviceToken })).toMatchObject({ code: 'unauthorized' })
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
    const again = { deviceId: device.deviceId, deviceToken: device.deviceToken }
    expect(await ask(socket, 'join', joinMessage('digits', again))).toMatchObject({ ok: true })
    const other = await live.enrol()
    expect(await ask(socket, 'join', joinMessage('digits', other))).toMatchObject({ code: 'bad-request' })
    expect(await ask(socket, 'heartbeat', heartbeat)).toMatchObject({ ok: true })
  })

  it('by a second connection of the same device closes the first', async () => {
    const first = await joinTask(live, 'digits')
    const closing = next<Closing>(first.socket, 'closing')
    const second = await connected()
    const { deviceId, deviceToken } = first
    expect(await ask(second, 'join', joinMessage('digits', { deviceId, deviceToken }))).toMatchObject({ ok: true })
    expect(await closing).toMatchObject({ code: 'superseded' })
    expect(await ask(second, 'heartbeat', heartbeat)).toMatchObject({ ok: true })
  })
})

describe('who may connect', () => {
  const status = (headers: Record<string, string>): Promise<number> =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(url(), { headers })
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
      socket.on('open', () => {
        socket.close()
        resolve(101)
      })
      socket.on('error', reject)
    })

  it('pages of this server and of allowed origins, and what is no browser; no other page', async () => {
    expect(await status({})).toBe(101)
    expect(await status({ origin: live.url })).toBe(101)
    expect(await status({ origin: 'https://app.example' })).toBe(101)
    expect(await status({ origin: 'https://evil.example' })).toBe(403)
    expect(await status({ origin: 'null' })).toBe(403)
  })

  it('only by WebSocket, and only protocol 4', async () => {
    expect((await live.fetch('/socket.io/?EIO=4&transport=polling')).status).toBe(400)
    expect((await live.fetch('/socket.io/socket.io.js')).status).not.toBe(200)
  })

  it('no more than there is room for', async () => {
    const many = await Promise.all(Array.from({ length: 50 }, () => connected()))
    expect(many).toHaveLength(50)
    expect(await status({})).toBe(503)
  })
})
