import { PanalError, Pointers, VersionNumber } from '@panal/client-core'
import { Type } from 'typebox'
import type { Wanted } from '../approval/move-requests.ts'
import type { Identity } from '../auth/identity.ts'
import { asker } from './audience.ts'
import type { App, AppDeps } from './ports.ts'
import { answers, Page, Reason, TaskParams } from './schemas.ts'

const Request = Type.Object({}, { description: 'a move that one person asked for, and what became of it' })
const Moved = Type.Object({
  pointers: Type.Optional(Pointers),
  request: Type.Optional(Request),
})
const RequestParams = Type.Object({
  ...TaskParams.properties,
  request: Type.Integer({ minimum: 1, maximum: 2 ** 52 }),
})
const twoPersonRule =
  'Under the two-person rule it waits: the answer is 202 with the request, for somebody else to approve.'

/** Moves of the champion by people: promote and roll back, at once or after a second person has approved. */
export function championMoveRoutes(app: App, { tasks, registry, rounds, moveRequests, audit, config }: AppDeps): void {
  const needsTwo = config.promotionPeople > 1

  /** Moves the pointer and tells whoever watches; `alongside` is of the same transaction. */
  const move = async (wanted: Wanted, actor: string, alongside?: () => void) => {
    const { taskId, move, version, reason, againstGate = false } = wanted
    const before = registry.pointers(taskId)
    const decision = { taskId, version, actor, reason, ...(alongside === undefined ? {} : { alongside }) }
    const pointers = await (move === 'promote'
      ? registry.promote({ ...decision, againstGate })
      : registry.rollBack(decision))
    if (pointers.champion !== null && pointers.champion !== before.champion)
      rounds.announce({ taskId, champion: pointers.champion, previous: before.champion, reason })
    return pointers
  }
  const moveOrAsk = async (wanted: Wanted, by: Identity) =>
    needsTwo
      ? { status: 202, body: { request: moveRequests.ask(wanted, by) } }
      : { status: 200, body: { pointers: await move(wanted, by.name) } }
  const response = { ...answers(Moved, 'the pointers now'), ...answers(Moved, 'it waits for a second person', 202) }

  app.post(
    '/tasks/:taskId/promote',
    {
      config: { audience: 'operator' },
      schema: {
        tags: ['versions'],
        summary: 'Make a version the champion',
        description: `${twoPersonRule} A version that the gate rejected takes \`againstGate\`.`,
        params: TaskParams,
        body: Type.Object(
          { version: VersionNumber, reason: Reason, againstGate: Type.Optional(Type.Boolean()) },
          { additionalProperties: false },
        ),
        response,
      },
    },
    async ({ params: { taskId }, body: { version, reason, againstGate = false }, person }, reply) => {
      tasks.get(taskId)
      registry.requirePromotable(taskId, version, againstGate)
      const { status, body } = await moveOrAsk({ taskId, move: 'promote', version, reason, againstGate }, asker(person))
      return reply.code(status).send(body)
    },
  )

  app.post(
    '/tasks/:taskId/roll-back',
    {
      config: { audience: 'operator' },
      schema: {
        tags: ['versions'],
        summary: 'Back to the champion before, or to the given version',
        description: `${twoPersonRule} An owner’s \`emergency\` does not wait; it has an audit row of its own.`,
        params: TaskParams,
        body: Type.Object(
          { reason: Reason, version: Type.Optional(VersionNumber), emergency: Type.Optional(Type.Boolean()) },
          { additionalProperties: false },
        ),
        response,
      },
    },
    async ({ params: { taskId }, body: { reason, version: to, emergency = false }, person }, reply) => {
      tasks.get(taskId)
      const by = asker(person)
      if (emergency && by.role !== 'owner') throw new PanalError('forbidden', 'only an owner may declare an emergency')
      const version = registry.rollBackTarget(taskId, to)
      const wanted = { taskId, move: 'roll-back', version, reason } as const
      if (emergency && needsTwo) {
        const pointers = await move(wanted, by.name, () =>
          audit.append({ actor: by.name, action: 'emergency-roll-back', detail: { taskId, version, reason } }),
        )
        return { pointers }
      }
      const { status, body } = await moveOrAsk(wanted, by)
      return reply.code(status).send(body)
    },
  )

  app.get(
    '/tasks/:taskId/requests',
    {
      config: { audience: 'viewer' },
      schema: {
        tags: ['versions'],
        summary: 'Moves that were asked for under the two-person rule, newest first',
        params: TaskParams,
        querystring: Page,
        response: answers(Type.Object({ requests: Type.Array(Request) }), 'the requests'),
      },
    },
    ({ params: { taskId }, query }) => {
      tasks.get(taskId)
      return { requests: moveRequests.list(taskId, query) }
    },
  )

  app.post(
    '/tasks/:taskId/requests/:request/approve',
    {
      config: { audience: 'operator' },
      schema: {
        tags: ['versions'],
        summary: 'Approve what somebody else asked for; the champion moves at once',
        params: RequestParams,
        response: answers(Moved, 'the pointers now'),
      },
    },
    async ({ params: { taskId, request: id }, person }) => {
      tasks.get(taskId)
      const by = asker(person)
      const wanted = moveRequests.get(taskId, id)
      const actor = `${wanted.askedBy}, approved by ${by.name}`
      // Approved before anything else is checked, and in the same transaction: a move that is refused undoes it.
      const pointers = await move(wanted, actor, () => moveRequests.approve(taskId, id, by))
      return { pointers, request: moveRequests.get(taskId, id) }
    },
  )

  app.post(
    '/tasks/:taskId/requests/:request/refuse',
    {
      config: { audience: 'operator' },
      schema: {
        tags: ['versions'],
        summary: 'Refuse a request, or take one’s own back',
        params: RequestParams,
        response: answers(Moved, 'the request'),
      },
    },
    ({ params: { taskId, request }, person }) => {
      tasks.get(taskId)
      return { request: moveRequests.refuse(taskId, request, asker(person)) }
    },
  )
}
