import { afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { WebSocket } from 'ws'
import { createTask, useLiveServer } from '../../fixtures/live-server.ts'
import { numHealthy, useHealthyDevices } from '../../fixtures/healthy-devices.ts'
import { ask, openSocket, next } from '../../fixtures/raw-device.ts'

const live = useLiveServer()
const healthy = useHealthyDevices(live)
beforeAll(async () => {
  await createTask(live)
}, 60_000)

const opened: { close(): void }[] = []
afterEach(() => opened.splice(0).forEach((each) => each.close()))

/** A bare WebSocket after the Socket.IO handshake, to send frames that no library would. */
interface Bare {
  readonly socket: WebSocket
  readonly received: string[]
  readonly closed: Promise<unknown>
  /** Resolves with the first message, from the handshake on, that starts so. */
  message(start: string): Promise<string>
}
async function bare(): Promise<Bare> {
  const socket = new WebSocket(`${live.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`)
  opened.push(socket)
  const received: string[] = []
  const waiting: { start: string; resolve: (text: string) => void }[] = []
  socket.on('message', (data) => {
    const text = (data as Buffer).toString()
    if (text.startsWith('0')) socket.send('40')
    if (text === '2') socket.send('3')
    received.push(text)
    for (const { start, resolve } of waiting) if (text.startsWith(start)) resolve(text)
  })
  const closed = new Promise((resolve) => socket.on('close', resolve).on('error', () => undefined))
  const message = (start: string) => new Promise<string>((resolve) => waiting.push({ start, resolve }))
  const connection = { socket, received, closed, message }
  await message('40')
  return connection
}
/** The TCP connection under it, for bytes that are no frame. */
const tcpOf = (socket: WebSocket) => (socket as unknown as { _socket: { write(bytes: Buffer): void } })._socket
const closedBy = async (...frames: (string | Buffer)[]): Promise<string[]> => {
  const { socket, closed, received } = await bare()
  for (const frame of frames) socket.send(frame)
  await closed
  return received.filter((text) => text.startsWith('43') || text.startsWith('44'))
}
/** Still there, and still answered, after these frames; the answers to what asked for one. */
const survives = async (...frames: (string | Buffer)[]): Promise<string[]> => {
  const { socket, received, message } = await bare()
  for (const frame of frames) socket.send(frame)
  const answered = message('43999')
  socket.send('42999["watch",{"taskId":"digits"}]')
  expect(await answered).toBe('43999[{"ok":true}]')
  return received.filter((text) => /^43[^9]/.test(text))
}
const badRequest = /^43\d+\[\{"ok":false,"code":"bad-request"/
const x = Buffer.from('x')

describe('payloads', () => {
  it.each([
    ['[F23] a key __proto__', '{"taskId":"digits","__proto__":{"polluted":1}}'],
    ['[F23] a key constructor', '{"taskId":"digits","constructor":{"prototype":{"polluted":1}}}'],
    ['[F24] 5,000-deep nesting', `{"taskId":${'['.repeat(5000)}${']'.repeat(5000)}}`],
    ['[F24] 30,000-deep nesting', `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
    ['[F26] NUL in an id', '{"taskId":"a\\u0000b"}'],
    ['[F26] half a surrogate pair in an id', '{"taskId":"\\ud800"}'],
    ['[F27] a path for an id', '{"taskId":"../../etc"}'],
    ['[F27] an id of 300 characters', `{"taskId":"${'a'.repeat(300)}"}`],
    ['no object', '[]'],
    ['null', 'null'],
  ])('%s [400]', async (_, payload) => {
    const [answer, ...more] = await survives(`421["watch",${payload}]`)
    expect(answer).toMatch(badRequest)
    expect(more).toEqual([])
    expect({}).not.toHaveProperty('polluted')
  })

  it('[F24] 30,000-deep nesting around a binary attachment [closed or 400]', async () => {
    const { socket, received, closed } = await bare()
    const deep = `${'['.repeat(30_000)}{"_placeholder":true,"num":0}${']'.repeat(30_000)}`
    socket.send(`451-1["watch",${deep}]`)
    socket.send(x)
    socket.send('421["watch",{}]')
    await Promise.race([closed, new Promise((resolve) => socket.on('message', resolve))])
    expect(received.filter((text) => text.includes('"ok":true'))).toEqual([])
  })

  it('[F25] 1 MB of one string [closed]', async () => {
    expect(await closedBy(`421["watch",{"taskId":"${'x'.repeat(1e6)}"}]`)).toEqual([])
  })

  it('[F26] invalid UTF-8 in a text frame [closed]', async () => {
    const { socket, closed } = await bare()
    const wrong = Buffer.concat([Buffer.from('421["watch",{"taskId":"'), Buffer.of(0xff, 0xfe), Buffer.from('"}]')])
    socket.send(wrong, { binary: false })
    await closed
  })
})

describe('packets', () => {
  const placeholder = (num: unknown) => `["watch",{"_placeholder":true,"num":${JSON.stringify(num)}}]`

  it.each<[string, (string | Buffer)[]]>([
    ['[F32] 11 attachments', [`4511-${placeholder(0)}`, ...Array<Buffer>(11).fill(x)]],
    ['[F32] 99 attachments', [`4599-${placeholder(0)}`]],
    ['[F32] attachment index −1', [`451-${placeholder(-1)}`, x]],
    ['[F32] attachment index 1 of 1', [`451-${placeholder(1)}`, x]],
    ['[F32] attachment index "length"', [`451-${placeholder('length')}`, x]],
    ['[F32] half a packet, and then another', [`451-${placeholder(0)}`, '42["watch",{"taskId":"digits"}]']],
    ['[F32] an attachment that belongs to nothing', [x]],
    ['[F32] a number of attachments that is none', [`45-${placeholder(0)}`]],
    ['no JSON', ['42{']],
    ['no packet', ['garbage']],
    ['an event that is no list', ['42{"a":1}']],
    ['an unknown packet type', ['49']],
    ['a ping from the wrong side', ['2']],
    ['a second handshake', ['40']],
  ])('%s [closed]', async (_, frames) => {
    expect(await closedBy(...frames)).toEqual([])
  })

  it('[F32] an attachment where no attachment belongs, or of an index between two [400]', async () => {
    for (const num of [0, 0.5]) expect((await survives(`451-1${placeholder(num)}`, x))[0]).toMatch(badRequest)
  })

  it.each(['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener'])(
    '[F33] an event named %s is heard by nobody, and its connection is closed',
    async (name) => {
      expect(await closedBy(`421["${name}",{}]`)).toEqual([])
    },
  )

  it.each([
    '"__proto__"',
    '"constructor"',
    '"toString"',
    '"hasOwnProperty"',
    '""',
    '0',
    '1e400',
    '"error"',
    '"watch "',
  ])('[F33] an event named %s [ignored]', async (name) => {
    for (const answer of await survives(`421[${name},{}]`, `42[${name}]`, `422[${name}]`))
      expect(answer).toMatch(badRequest)
  })

  it.each(['null', '{}', '["watch"]', 'true'])('[F33] an event whose name is %s [closed]', async (name) => {
    expect(await closedBy(`421[${name},{}]`)).toEqual([])
  })

  it('[F34] an event without an acknowledgement [no throw]: nobody is answered', async () => {
    expect(await survives('42["watch",{"taskId":"digits"}]', '42["join"]', '42["heartbeat",{},"function"]')).toEqual([])
  })

  it('[F34] acknowledgements of what was never asked, many times over [no throw]', async () => {
    const acks = ['431[]', '430[{"ok":true}]', '43[1]', '4399999999999999999999[]']
    expect(await survives(...Array.from({ length: 75 }, () => acks).flat())).toEqual([])
  })

  it('[F34] 1,000 of them are a flood, as any other packets are [closed]', async () => {
    expect(await closedBy(...Array<string>(1000).fill('431[]'))).toEqual([])
  })

  it('[F34] one acknowledgement number for many events: each is answered, none throws', async () => {
    const answers = await survives(...Array<string>(20).fill('427["watch",{"taskId":"digits"}]'))
    expect(answers).toEqual(Array<string>(20).fill('437[{"ok":true}]'))
  })

  it('[F35] 100 namespaces on one socket [closed] at the first', async () => {
    const names = Array.from({ length: 100 }, (_, i) => `40/space-${i},`)
    expect(await closedBy(...names)).toEqual([])
    expect(await closedBy('40/digits,{"token":"x"}')).toEqual([])
  })
})

describe('frames', () => {
  const text = '42999["watch",{"taskId":"digits"}]'

  it('[F36] a message in a few fragments is read', async () => {
    const { socket, message } = await bare()
    const answer = message('43999')
    for (const [i, char] of Array.from(text).entries()) socket.send(char, { fin: i === text.length - 1 })
    expect(await answer).toBe('43999[{"ok":true}]')
  })

  it('[F36] a message in many tiny fragments [closed]', async () => {
    const { socket, closed } = await bare()
    for (let i = 0; i < 1000; i++) socket.send('x', { fin: false })
    await closed
  })

  it('[F36] fragments that never end hold no more than a message may have [closed]', async () => {
    const { socket, closed } = await bare()
    for (let i = 0; i < 20; i++) socket.send('x'.repeat(8000), { fin: false })
    await closed
  })

  it('[F36] a frame over 64 KiB [closed], one that announces exabytes too', async () => {
    expect(await closedBy(`42["watch",{"taskId":"${'x'.repeat(70_000)}"}]`)).toEqual([])
    const { socket, closed } = await bare()
    tcpOf(socket).write(Buffer.from([0x81, 0xff, 0x0f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]))
    await closed
  })

  // RFC 6455 §5.2: FIN 0x80, RSV1 0x40, opcode; then MASK 0x80 and the length; then four bytes of mask.
  it.each([
    ['[F29] a compressed frame, which was never agreed on', [0xc1, 0x81, 0, 0, 0, 0, 0x78]],
    ['[F36] a reserved opcode', [0x85, 0x81, 0, 0, 0, 0, 0x78]],
    ['[F36] an unmasked frame', [0x81, 0x01, 0x78]],
    ['[F36] a ping that is too long', [0x89, 0xfe, 0, 200, 0, 0, 0, 0]],
    ['[F36] a fragmented ping', [0x09, 0x80, 0, 0, 0, 0]],
    ['[F36] a continuation of nothing', [0x80, 0x81, 0, 0, 0, 0, 0x78]],
  ])('%s [closed]', async (_, frame) => {
    const { socket, closed } = await bare()
    tcpOf(socket).write(Buffer.from(frame))
    await closed
  })

  it('[P2] twenty messages that make no sense close the connection, and a flood does: each is told why', async () => {
    for (const [code, count, name] of [
      ['bad-request', 20, 'frobnicate'],
      ['rate-limited', 300, 'watch'],
    ] as const) {
      const socket = openSocket(live)
      opened.push(socket)
      await next(socket, 'connect')
      const ended = Promise.all([next(socket, 'closing'), next(socket, 'disconnect')])
      for (let i = 0; i < count; i++) socket.emit(name, { taskId: 'digits' }, () => undefined)
      expect(await ended).toEqual([expect.objectContaining({ code }), 'io server disconnect'])
    }
  })
})

it('meanwhile the healthy devices finish whole rounds, and a new connection is answered', async () => {
  expect(await healthy.wholeRound()).toMatchObject({ numAccepted: numHealthy, numRejected: 0, numDropped: 0 })
  expect(healthy.troubles).toEqual([])
  const socket = openSocket(live)
  opened.push(socket)
  await next(socket, 'connect')
  expect(await ask(socket, 'watch', { taskId: 'digits' })).toEqual({ ok: true })
}, 30_000)
