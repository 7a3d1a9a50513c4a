import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from '@jest/globals'
import { socketIoChannel, systemClock, type ClientRequest, type ServerEnd } from '@panal/client-core'
import { Server, type Socket } from 'socket.io'
import { channelContract, type ChannelPair } from '../fixtures/channel-contract.ts'
import { roundSummary } from '../fixtures/wire.ts'

const clock = systemClock(globalThis)
const options = { ackTimeoutMs: 1_000, reconnectMinMs: 10, reconnectMaxMs: 20 }

/** A Socket.IO server with the face of a loopback's server end. Its one device is whoever connected last. */
async function serve(): Promise<{ url: string; io: Server; end: ServerEnd; http: HttpServer; sockets: Socket[] }> {
  const http = createServer()
  const io = new Server(http, { transports: ['websocket'] })
  const sockets: Socket[] = []
  const closed = new Set<() => void>()
  let state: ServerEnd['state'] = 'down'
  io.on('connection', (socket) => {
    sockets.push(socket)
    state = 'up'
    socket.onAny((name: string, message: unknown, reply: unknown) =>
      end.onRequest({ name, message, reply } as ClientRequest),
    )
    socket.on('disconnect', (reason) => {
      state = reason === 'client namespace disconnect' ? 'closed' : 'down'
      if (state === 'closed') for (const listener of closed) listener()
    })
  })
  const end: ServerEnd = {
    onRequest: () => undefined,
    emit: (name, message) => end.emitRaw(name, message),
    emitRaw: (name, message) => void sockets.at(-1)?.emit(name, message),
    drop: () => sockets.at(-1)?.conn.close(),
    restore: () => undefined,
    get state() {
      return state
    },
    onClosed(listener) {
      closed.add(listener)
      return () => closed.delete(listener)
    },
  }
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, io, end, http, sockets }
}

async function connect(): Promise<ChannelPair> {
  const { url, io, end } = await serve()
  const connected = new Promise<void>((resolve) => io.once('connection', () => resolve()))
  const channel = socketIoChannel(url, options, { clock, signal: new AbortController().signal })
  const up = new Promise<void>((resolve) => channel.onLink((state) => state === 'up' && resolve()))
  await connected
  await up
  return {
    channel,
    server: end,
    passTimeout: async () => undefined,
    async dispose() {
      channel.close()
      await io.close()
    },
  }
}

describe('Socket.IO', () => {
  channelContract(connect)

  const disposals: (() => Promise<void> | void)[] = []
  afterEach(async () => {
    for (const dispose of disposals.splice(0)) await dispose()
  })

  it('[P13] connects again after the server has closed the connection', async () => {
    const { url, io, end, sockets } = await serve()
    const channel = socketIoChannel(url, options, { clock, signal: new AbortController().signal })
    disposals.push(
      () => channel.close(),
      () => io.close(),
    )
    const links: string[] = []
    await new Promise<void>((resolve) =>
      channel.onLink((state) => {
        links.push(state)
        if (links.length === 1) sockets.at(-1)?.disconnect(true)
        if (links.length === 3) resolve()
      }),
    )
    expect(links).toEqual(['up', 'down', 'up'])
    const heard = new Promise<number>((resolve) => channel.on('round', ({ number }) => resolve(number)))
    end.emit('round', roundSummary(4))
    expect(await heard).toBe(4)
  })

  it('says `down` for each failed attempt, and connects when there is a server', async () => {
    const { url, io, http } = await serve()
    const { port } = http.address() as AddressInfo
    await io.close()
    const channel = socketIoChannel(url, options, { clock, signal: new AbortController().signal })
    disposals.push(() => channel.close())
    const failures = await new Promise<number>((resolve) => {
      let count = 0
      channel.onLink((state) => state === 'down' && ++count === 2 && resolve(count))
    })
    expect(failures).toBe(2)
    const up = new Promise<void>((resolve) => channel.onLink((state) => state === 'up' && resolve()))
    const later = createServer()
    const laterIo = new Server(later, { transports: ['websocket'] })
    disposals.push(() => laterIo.close())
    await new Promise<void>((resolve) => later.listen(port, '127.0.0.1', resolve))
    await up
    expect(channel.connected).toBe(true)
  })

  it('connects again when the server refused it before it was through', async () => {
    const { url, io } = await serve()
    let refused = 0
    io.use((_socket, next) => (++refused === 1 ? next(new Error('not yet')) : next()))
    const channel = socketIoChannel(url, options, { clock, signal: new AbortController().signal })
    disposals.push(
      () => channel.close(),
      () => io.close(),
    )
    await new Promise<void>((resolve) => channel.onLink((state) => state === 'up' && resolve()))
    expect(refused).toBe(2)
  })

  it('closes when its signal aborts', async () => {
    const { url, io, end } = await serve()
    const stop = new AbortController()
    const channel = socketIoChannel(url, options, { clock, signal: stop.signal })
    disposals.push(() => io.close())
    await new Promise<void>((resolve) => channel.onLink((state) => state === 'up' && resolve()))
    const closed = new Promise<void>((resolve) => end.onClosed(resolve))
    stop.abort()
    await closed
    expect(channel.connected).toBe(false)
  })
})
