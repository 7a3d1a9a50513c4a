import { Type } from 'typebox'
import type { ModelVersion, PointerMove } from '../registry/model-version.ts'
import { answers, Page, TaskParams, VersionParams } from './schemas.ts'
import type { Identity } from '../auth/identity.ts'
import type { App, AppDeps } from './ports.ts'

const Versions = Type.Object({
  versions: Type.Array(Type.Object({}, { description: 'a model version with its lineage and gate report' })),
})
const Moves = Type.Object({
  moves: Type.Array(Type.Object({}, { description: 'one move of head, champion or anchor' })),
})

/** Versions of a task's model, their lineage, and how the pointers moved. */
export function versionRoutes(app: App, { tasks, registry }: AppDeps): void {
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
        summary: 'Moves of the pointers, newest first',
        description: 'Who moved them is told only to people who have signed in; for others `actor` is null.',
        params: TaskParams,
        querystring: Page,
        response: answers(Moves, 'the moves'),
      },
    },
    ({ params, query, person }) => {
      tasks.get(params.taskId)
      const moves = registry.moves(params.taskId, { limit: 100, ...query })
      return { moves: person === null ? moves.map(withoutName) : moves }
    },
  )
}

function asSeenBy(person: Identity | null, version: ModelVersion) {
  const { participants, replayOf, ...shared } = version
  const seen = {
    ...shared,
    numParticipants: participants.length,
    replayOf: replayOf && { roundNumber: replayOf.roundNumber, numWithout: replayOf.without.length },
  }
  return person === null ? seen : { ...seen, participants, ...(replayOf && { without: replayOf.without }) }
}

/** The gate is nobody: that it moved a pointer is no secret. */
const withoutName = (move: PointerMove) => ({ ...move, actor: move.actor === 'gate' ? 'gate' : null })
