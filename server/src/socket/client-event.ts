import {
  clientEvents,
  refuse,
  type ClientEvent,
  type ClientEventName,
  type Refusal,
  type Replies,
} from '@panal/client-core'
import { Ajv, type ValidateFunction } from 'ajv'

/** One message of a client: a known name with a payload that matches its schema, and how to answer it. */
export type ClientMessage = {
  [Name in ClientEventName]: {
    readonly name: Name
    readonly message: ClientEvent<Name>
    readonly answer: (reply: Replies[Name]) => void
  }
}[ClientEventName]

export type ParsedEvent =
  | ({ readonly ok: true } & ClientMessage)
  | { readonly ok: false; readonly refusal: Refusal; readonly answer: (reply: Refusal) => void }

// `coerceTypes`, `useDefaults` and `removeAdditional` stay off: what does not match is refused, never repaired.
const ajv = new Ajv({ strict: true, allErrors: false })
const validators = Object.fromEntries(
  Object.entries(clientEvents).map(([name, schema]) => [name, ajv.compile(schema)]),
) as Record<ClientEventName, ValidateFunction>

const isEventName = (name: unknown): name is ClientEventName =>
  typeof name === 'string' && Object.hasOwn(validators, name)

/** Whatever arrived as an event, judged: never throws. Without an acknowledgement function the answer goes nowhere. */
export function parseClientEvent(name: unknown, args: readonly unknown[]): ParsedEvent {
  const last = args.at(-1)
  const answer = typeof last === 'function' ? (last as (reply: unknown) => void) : () => undefined
  if (!isEventName(name)) return { ok: false, refusal: refuse('bad-request', 'no event has this name'), answer }
  if (args.length !== 2 || typeof last !== 'function')
    return { ok: false, refusal: refuse('bad-request', 'an event has one payload and an acknowledgement'), answer }
  const validate = validators[name]
  if (!validate(args[0])) {
    const at = validate.errors?.[0]?.instancePath ?? ''
    return {
      ok: false,
      refusal: refuse('bad-request', `${name}: the payload does not match its schema${at && ` at ${at}`}`),
      answer,
    }
  }
  return { ok: true, name, message: args[0], answer } as ParsedEvent
}
