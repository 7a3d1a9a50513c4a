import { Pointers, VersionNumber } from '@panal/client-core'
import { Type } from 'typebox'
import type { ModelVersion } from '../registry/model-version.ts'
import { answers, Page, Reason, TaskParams, VersionParams } from './schemas.ts'
import type { Identity } from '../auth/credentials.ts'
import { nameOf } from './audience.ts'
import type { App, AppDeps } from './ports.ts'

const Versions = Type.Object({
  versions: Type.Array(Type.Object({}, { description: 'a model version with its lineage and gate report' })),
})
const Moves = Type.Object({
  moves: Type.Array(Type.Object({}, { description: 'one move of head, champion or anchor' })),
})

/** Versions of a task's model, their lineage, and the pointers that people may move. */
export function versionRoutes(app: App, { tasks, registry, rounds }: AppDeps): void {
  app.get(
    '/tasks/:taskId/versions',
    {
      config: { audience: 'public' },
      schema: {
        tags: ['versions'],
        summary: 'Versions, newest first',
        description: 'Who took part is told only to people who have signed in; others get `numParticipants`.',
        params: TaskParams,
        querystring: Page,
        response: answers(Versions, 'the versions'),
      },
    },
    ({ params, query, person }) => {
      tasks.get(params.taskId)
      return { versions: registry.versions(params.taskId, query).map((version) => asSeenBy(person, version)) }
    },
  )

  app.get(
    '/tasks/:taskId/versions/:version',
    {
      config: { audience: 'public' },
      schema: {
        tags: ['versions'],
        summary: 'One version',
        params: VersionParams,
        response: answers(Type.Object({}), 'the version'),
      },
    },
    ({ params, person }) => {
      tasks.get(params.taskId)
      return asSeenBy(person, registry.version(params.taskId, params.version))
    },
  )

  app.get(
    '/tasks/:taskId/moves',
    {
      config: { audience: 'public' },
      schema: {
        tags: ['versions'],
        summary: 'Moves of the pointers',
        params: TaskParams,
        response: answers(Moves, 'the moves'),
      },
    },
    ({ params }) => {
      tasks.get(params.taskId)
      return { moves: registry.moves(params.taskId) }
    },
  )

  const announce = (taskId: string, before: Pointers, after: Pointers, reason: string) => {
    if (after.champion !== null && after.champion !== before.champion)
      rounds.announce({ taskId, champion: after.champion, previous: before.champion, reason })
  }

  app.post(
    '/tasks/:taskId/promote',
    {
      config: { audience: 'operator' },
      schema: {
        tags: ['versions'],
        summary: 'Make a version the champion',
        params: TaskParams,
        body: Type.Object({ version: VersionNumber, reason: Reason }, { additionalProperties: false }),
        response: answers(Type.Object({ pointers: Pointers }), 'the pointers now'),
      },
    },
    async ({ params: { taskId }, body: { version, reason }, person }) => {
      tasks.get(taskId)
      const before = registry.pointers(taskId)
      const pointers = await registry.promote({ taskId, version, actor: nameOf(person), reason })
      announce(taskId, before, pointers, reason)
      return { pointers }
    },
  )

  app.post(
    '/tasks/:taskId/roll-back',
    {
      config: { audience: 'operator' },
      schema: {
        tags: ['versions'],
        summary: 'Back to the champion before, or to the given version',
        params: TaskParams,
        body: Type.Object({ reason: Reason, version: Type.Optional(VersionNumber) }, { additionalProperties: false }),
        response: answers(Type.Object({ pointers: Pointers }), 'the pointers now'),
      },
    },
    async ({ params: { taskId }, body: { version, reason }, person }) => {
      tasks.get(taskId)
      const before = registry.pointers(taskId)
      const target = version === undefined ? {} : { version }
      const pointers = await registry.rollBack({ taskId, ...target, actor: nameOf(person), reason })
      announce(taskId, before, pointers, reason)
      return { pointers }
    },
  )
}

function asSeenBy(person: Identity | null, version: ModelVersion) {
  const { participants, ...shared } = version
  return { ...shared, numParticipants: participants.length, ...(person === null ? {} : { participants }) }
}
