import type { Clock, ErrorCode } from '@panal/client-core'
import type { Server } from 'socket.io'
import { WebSocketServer, type ServerOptions } from 'ws'

/** Packets one connection may send in a window, acknowledgements and attachments included: twice its messages. */
const perWindow = 400
const windowMs = 10_000

/**
 * WebSockets whose frames hold little memory until they are whole. A message of ours comes in one fragment, and its
 * 64 KiB in some fifty chunks of a slow network; by default each could be kept in thousands, of one byte each.
 */
export class FrugalWebSockets extends WebSocketServer {
  constructor(options: ServerOptions) {
    super({ ...options, maxFragments: 64, maxBufferedChunks: 4096 })
  }
}

/**
 * Cuts a connection that no client of ours would make: one that asks for a second namespace, or floods with packets
 * below the events that a socket's own budget counts. Socket.IO itself lets one connection try any number of either.
 */
export function guardConnections(
  { engine }: Pick<Server, 'engine'>,
  clock: Clock,
  cut: (code: ErrorCode) => void,
): void {
  engine.on('connection', (connection: Connection) => {
    let windowStart = clock.now()
    let packets = 0
    let connected = false
    connection.on('packet', ({ data }) => {
      const now = clock.now()
      if (now - windowStart >= windowMs) {
        windowStart = now
        packets = 0
      }
      const connects = typeof data === 'string' && data.startsWith('0')
      const asksForMore = connects && (connected || data[1] === '/')
      connected ||= connects
      const isFlood = ++packets > perWindow
      if (!isFlood && !asksForMore) return
      cut(isFlood ? 'rate-limited' : 'bad-request')
      connection.close(true)
    })
  })
}

/** As much of an Engine.IO connection as is needed here. */
interface Connection {
  on(event: 'packet', listener: (packet: { readonly data?: unknown }) => void): void
  close(discard: boolean): void
}
