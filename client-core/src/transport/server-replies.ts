import { Type, type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { errorCodes, PanalError } from '../protocol/errors.ts'
import { Greeting } from '../protocol/manifest.ts'
import { Assignment, Pointers, RoundSummary, type ClientEventName, type Replies } from '../protocol/messages.ts'
import { TaskCard } from '../protocol/task.ts'

const Ms = Type.Number({ minimum: 0 })
const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()])
const yes = Type.Literal(true)
const Ok = Type.Object({ ok: yes })

/** What the answers of `Replies` look like when they are not refusals. More fields than these are left alone. */
const accepted = {
  join: Type.Object({
    ok: yes,
    task: TaskCard,
    pointers: Pointers,
    round: orNull(RoundSummary),
    assignment: orNull(Assignment),
    greeting: Greeting,
    proofNonce: Type.Optional(Type.String()),
  }),
  heartbeat: Type.Object({
    ok: yes,
    roundNumber: orNull(Type.Integer()),
    nextRoundInMs: orNull(Ms),
    proofNonce: Type.Optional(Type.String()),
  }),
  decline: Ok,
  leave: Ok,
  watch: Ok,
} as const satisfies Record<ClientEventName, TSchema>

const Refused = Type.Object({
  ok: Type.Literal(false),
  code: Type.String({ enum: Object.keys(errorCodes) }),
  detail: Type.String(),
  retryAfterMs: Type.Optional(Ms),
})

/** An answer as it came, checked. @throws PanalError 'internal' when it is neither the answer asked for nor a refusal */
export function parseReply<Name extends ClientEventName>(name: Name, reply: unknown): Replies[Name] {
  if (!Value.Check(accepted[name], reply) && !Value.Check(Refused, reply))
    throw new PanalError('internal', `the server's answer to ${name} does not match its schema`)
  return reply as Replies[Name]
}
