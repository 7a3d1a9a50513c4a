import type { Clock } from '../device/clock.ts'
import { PanalError } from '../protocol/errors.ts'
import type { ClientEvent, ClientEventName, Replies, ServerEvent, ServerEventName } from '../protocol/messages.ts'
import type { Channel } from './channel.ts'
import { listeners } from './listeners.ts'
import { pendingAnswers } from './pending.ts'
import { eventInbox } from './server-events.ts'
import { parseReply } from './server-replies.ts'

/** One request of a device, as the server end sees it. */
export type ClientRequest = {
  [Name in ClientEventName]: {
    readonly name: Name
    readonly message: ClientEvent<Name>
    readonly reply: (reply: Replies[Name]) => void
  }
}[ClientEventName]

/** The other end of a loopback: what a server, a simulation or a test holds. */
export interface ServerEnd {
  /** Called with each request that arrives. Set it before the device speaks; without it nothing is answered. */
  onRequest: (request: ClientRequest) => void
  emit<Name extends ServerEventName>(name: Name, message: ServerEvent<Name>): void
  /** Sends anything at all, as a faulty server would. */
  emitRaw(name: string, message: unknown): void
  /** Cuts the link; requests without an answer fail. */
  drop(): void
  /** Brings the link up again after `drop`. */
  restore(): void
  /** `closed` once the device has closed its end. */
  readonly state: 'up' | 'down' | 'closed'
  onClosed(listener: () => void): () => void
}

export interface LoopbackOptions {
  /** Time for the answer timeout; without it no request times out. */
  readonly clock?: Clock
  readonly ackTimeoutMs?: number
}

/** What a wire does to a message: a copy, so that the two ends share no object. */
const overTheWire = <T>(message: T): T => JSON.parse(JSON.stringify(message)) as T

/**
 * A channel and its server end in memory, for tests and simulations. Messages arrive in the order sent, one microtask
 * later, as copies; whatever is on its way when the link drops is lost, as on a real one. Starts connected.
 */
export function loopback(options: LoopbackOptions = {}): { readonly channel: Channel; readonly server: ServerEnd } {
  const inbox = eventInbox()
  const links = listeners<'up' | 'down'>()
  const closings = listeners<'closed'>()
  const pending = pendingAnswers(options.clock, options.ackTimeoutMs)
  let state: ServerEnd['state'] = 'up'
  /** Counts connections: a message sent on one does not arrive on the next. */
  let connection = 0

  const transmit = (arrive: () => void) => {
    if (state !== 'up') return
    const sentOn = connection
    void Promise.resolve().then(() => {
      if (state === 'up' && connection === sentOn) arrive()
    })
  }
  const goDown = (to: 'down' | 'closed', detail: string) => {
    state = to
    connection++
    links.tell('down')
    pending.failAll(detail)
  }

  const channel: Channel = {
    get connected() {
      return state === 'up'
    },
    get challenge() {
      return state === 'up' ? `connection-${connection}` : undefined
    },
    async request(name, message, signal) {
      if (state !== 'up') throw new PanalError('unreachable', 'not connected')
      const copy = overTheWire(message)
      const answered = await pending.ask<unknown>((answer) => {
        const reply = (value: never) => {
          const answerCopy = overTheWire(value)
          transmit(() => answer(answerCopy))
        }
        transmit(() => server.onRequest({ name, message: copy, reply } as ClientRequest))
      }, signal)
      return parseReply(name, answered)
    },
    on: (name, listener) => inbox.on(name, listener),
    onLink: (listener) => links.add(listener),
    close() {
      if (state === 'closed') return
      if (state === 'up') goDown('closed', 'the device closed the connection')
      state = 'closed'
      inbox.clear()
      links.clear()
      closings.tell('closed')
    },
  }
  const server: ServerEnd = {
    onRequest: () => undefined,
    emit: (name, message) => server.emitRaw(name, message),
    emitRaw(name, message) {
      const copy = overTheWire(message)
      transmit(() => inbox.deliver(name, copy))
    },
    drop() {
      if (state === 'up') goDown('down', 'the connection was lost')
    },
    restore() {
      if (state !== 'down') return
      state = 'up'
      links.tell('up')
    },
    get state() {
      return state
    },
    onClosed: (listener) => closings.add(listener),
  }
  return { channel, server }
}
