import type { IncomingMessage, Server as HttpServer } from 'node:http'
import type { Duplex } from 'node:stream'
import proxyAddr from '@fastify/proxy-addr'
import { errorCodes, type Closing } from '@panal/client-core'
import { Server } from 'socket.io'
import { networkOf } from '../http/network.ts'
import { originMayUse, type AllowedOrigins } from '../http/origin.ts'
import { FrugalWebSockets, guardConnections } from './connection-guard.ts'
import { roomOf, serveSocket, watchRoomOf, type SocketPorts } from './device-socket.ts'
import { Strangers, type Visit } from './strangers.ts'
import { toldToDevices } from '../round/summary.ts'
import { throttleSummaries } from './throttle.ts'

export interface SocketOptions {
  readonly allowed: AllowedOrigins
  readonly maxSockets: number
  /** Of connections that no device has joined with. */
  readonly maxStrangersPerNetwork: number
  /** Addresses and ranges of proxies, whose word on who is behind them is taken. */
  readonly trustProxy: readonly string[]
  readonly connectTimeoutMs: number
}

export interface Sockets {
  readonly count: number
  /** Tells every connection why, then closes all. */
  close(closing: Closing): Promise<void>
}

/** Least time between two broadcasts of one task's rounds, and for each that hears them: one costs 0.02 ms of processor. */
const summaryIntervalMs = 250
const summaryIntervalEachMs = 0.5
/** Time for the last words to leave before connections are cut. */
const farewellMs = 1000

/** Control connections on the server that Fastify listens with: WebSocket only, small messages, no compression. */
export function attachSockets(server: HttpServer, ports: SocketPorts, options: SocketOptions): Sockets {
  const strangers = new Strangers({ clock: ports.clock, maxPerNetwork: options.maxStrangersPerNetwork })
  const trusted = proxyAddr.compile([...options.trustProxy])
  const networkBehind = (request: IncomingMessage) => networkOf(proxyAddr(request, trusted))
  const io = new Server(server, {
    transports: ['websocket'],
    serveClient: false,
    allowEIO3: false,
    perMessageDeflate: false,
    httpCompression: false,
    maxHttpBufferSize: 64 * 1024,
    wsEngine: FrugalWebSockets,
    connectTimeout: options.connectTimeoutMs,
    allowRequest: (request, callback) => {
      const allowed = originMayUse(request.headers, options.allowed, true)
      const hasRoom = io.engine.clientsCount < options.maxSockets && strangers.admits(networkBehind(request))
      const code = !allowed ? 'forbidden' : hasRoom ? null : 'busy'
      if (code === null) return callback(null, true)
      ports.log.info({ code }, 'connection refused')
      refuseUpgrade(request, code)
      callback(code, false)
    },
  })
  guardConnections(io, ports.clock, (code) => ports.log.info({ code }, 'connection cut'))
  const visits = new WeakMap<object, Visit>()
  io.engine.on('connection', (connection: Connection) => {
    const visit = strangers.came(networkBehind(connection.request), () => connection.close(true))
    visits.set(connection, visit)
    connection.once('close', () => visit.gone())
  })
  const connections = trackUpgrades(server)
  const life = new AbortController()
  void strangers.watch(life.signal)
  const numIn = (room: string) => io.of('/').adapter.rooms.get(room)?.size ?? 0
  const tell = (room: (taskId: string) => string) =>
    throttleSummaries((summary) => io.to(room(summary.taskId)).emit('round', summary), {
      clock: ports.clock,
      intervalMs: (taskId) => Math.max(summaryIntervalMs, summaryIntervalEachMs * numIn(room(taskId))),
      signal: life.signal,
    })
  const [tellDevices, tellWatchers] = [tell(roomOf), tell(watchRoomOf)]
  const stopRounds = ports.rounds.onRound((news) => {
    // How far the gate is is nothing to devices [P13].
    if (news.judging === undefined) tellDevices(toldToDevices(news))
    tellWatchers(news)
  })
  const stopPromoted = ports.rounds.onPromoted((promoted) =>
    io.to([roomOf(promoted.taskId), watchRoomOf(promoted.taskId)]).emit('promoted', promoted),
  )
  io.on('connection', (socket) => serveSocket(socket, ports, visits.get(socket.conn)!))

  return {
    get count() {
      return io.engine.clientsCount
    },
    async close(closing) {
      stopRounds()
      stopPromoted()
      life.abort(new Error('the server is closing'))
      io.emit('closing', closing)
      // Not `io.close()`: that would close the HTTP server too, under the uploads that are still coming in.
      io.disconnectSockets(true)
      await Promise.race([connections.allClosed(), ports.clock.sleep(farewellMs)])
      connections.destroyAll()
      io.engine.close()
    },
  }
}

/** As much of an Engine.IO connection as is needed here. */
interface Connection {
  readonly request: IncomingMessage
  once(event: 'close', listener: () => void): void
  close(discard: boolean): void
}

/** The TCP connections behind the WebSockets: neither Node nor Socket.IO closes one whose other end has gone silent. */
function trackUpgrades(server: HttpServer) {
  const open = new Set<Duplex>()
  server.on('upgrade', (_request, connection: Duplex) => {
    open.add(connection)
    connection.once('close', () => open.delete(connection))
  })
  return {
    // Not `once` of node:events: that rejects for a connection that breaks first, and a broken one closes, too.
    allClosed: () => Promise.all([...open].map((each) => new Promise((resolve) => each.once('close', resolve)))),
    destroyAll: () => open.forEach((connection) => connection.destroy()),
  }
}

/** Before Engine.IO answers every refusal with 400. */
function refuseUpgrade({ socket }: IncomingMessage, code: 'forbidden' | 'busy'): void {
  const { status, meaning } = errorCodes[code]
  const body = JSON.stringify({ code, detail: meaning })
  socket.end(`HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n${body}`)
}
