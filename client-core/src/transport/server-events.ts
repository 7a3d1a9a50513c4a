import { Value } from 'typebox/value'
import { serverEvents, type ServerEvent, type ServerEventName } from '../protocol/messages.ts'
import { listeners, type Listeners } from './listeners.ts'

/** Delivers a server's events to the device's listeners, and only those that match their schema. */
export interface EventInbox {
  on<Name extends ServerEventName>(name: Name, listener: (message: ServerEvent<Name>) => void): () => void
  /** Whatever came in, under whatever name. What does not match is dropped; returns whether it was delivered. */
  deliver(name: string, message: unknown): boolean
  clear(): void
}

const isEventName = (name: string): name is ServerEventName => Object.hasOwn(serverEvents, name)

/** Checks by `Value.Check`, which interprets the schema: compiled checks need `new Function`, which a strict CSP forbids. */
export function eventInbox(): EventInbox {
  const byName = new Map<string, Listeners<never>>()
  const of = (name: ServerEventName): Listeners<never> => {
    const held = byName.get(name) ?? listeners<never>()
    byName.set(name, held)
    return held
  }
  return {
    on: (name, listener) => of(name).add(listener),
    deliver(name, message) {
      if (!isEventName(name) || !Value.Check(serverEvents[name], message)) return false
      of(name).tell(message as never)
      return true
    },
    clear: () => byName.clear(),
  }
}
