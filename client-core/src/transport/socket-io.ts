import { io } from 'socket.io-client'
import type { Clock } from '../device/clock.ts'
import { PanalError } from '../protocol/errors.ts'
import { childController } from './abort.ts'
import type { Channel } from './channel.ts'
import { listeners } from './listeners.ts'
import { pendingAnswers } from './pending.ts'
import { eventInbox } from './server-events.ts'
import { parseReply } from './server-replies.ts'

export interface SocketIoOptions {
  /** Default `/socket.io`. */
  readonly path?: string
  /** How long a request waits for its answer. Default 10 s. */
  readonly ackTimeoutMs?: number
  /** First pause between attempts to connect; doubles up to the maximum, with ±50 % jitter. Defaults 1 s and 30 s. */
  readonly reconnectMinMs?: number
  readonly reconnectMaxMs?: number
}

/**
 * The control connection over Socket.IO, WebSocket only: long polling would need sticky load balancing. Connects in
 * the background, and again after every loss, until `close` or the signal aborts.
 */
export function socketIoChannel(
  url: string,
  options: SocketIoOptions,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Channel {
  const reconnectMinMs = options.reconnectMinMs ?? 1000
  const socket = io(url, {
    ...(options.path === undefined ? {} : { path: options.path }),
    transports: ['websocket'],
    // A manager of our own: a shared one would close, and count attempts, together with another session's.
    forceNew: true,
    autoConnect: false,
    reconnectionDelay: reconnectMinMs,
    reconnectionDelayMax: options.reconnectMaxMs ?? 30_000,
  })
  const inbox = eventInbox()
  const links = listeners<'up' | 'down'>()
  const pending = pendingAnswers(clock, options.ackTimeoutMs)

  const life = childController(signal)
  life.signal.addEventListener(
    'abort',
    () => {
      life.release()
      socket.disconnect()
      pending.failAll('the device closed the connection')
      inbox.clear()
      links.clear()
    },
    { once: true },
  )
  /** Socket.IO connects again by itself after a lost transport, but not after the server closed or refused the socket. */
  const connectAgain = () => {
    if (socket.active) return
    clock.sleep(reconnectMinMs, life.signal).then(
      () => socket.connect(),
      () => undefined,
    )
  }

  socket.on('connect', () => links.tell('up'))
  socket.on('disconnect', () => {
    links.tell('down')
    pending.failAll('the connection was lost')
    connectAgain()
  })
  socket.on('connect_error', () => {
    links.tell('down')
    connectAgain()
  })
  socket.onAny((name: string, message: unknown) => void inbox.deliver(name, message))

  if (!life.signal.aborted) socket.connect()

  return {
    get connected() {
      return socket.connected
    },
    // Drawn by the server, 12 random bytes and a counter, for each connection anew.
    get challenge() {
      return socket.connected ? socket.id : undefined
    },
    async request(name, message, requestSignal) {
      // Socket.IO would keep the message and send it after reconnecting, when it may mean something else.
      if (!socket.connected) throw new PanalError('unreachable', 'not connected')
      const answered = await pending.ask<unknown>((answer) => socket.emit(name, message, answer), requestSignal)
      return parseReply(name, answered)
    },
    on: (name, listener) => inbox.on(name, listener),
    onLink: (listener) => links.add(listener),
    close: () => life.abort(),
  }
}
