import { DeviceId, PanalError, RoundNumber, RoundSummary, TaskId, VersionNumber } from '@panal/client-core'
import { Type, type Static } from 'typebox'
import { asker } from './audience.ts'
import { inspect } from '../round/inspection.ts'
import type { App, AppDeps } from './ports.ts'
import { answers, Reason } from './schemas.ts'

const OrNull = Type.Union([Type.Number(), Type.Null()])

const RoundParams = Type.Object({ taskId: TaskId, roundNumber: RoundNumber })

/** A round's updates, one by one. */
export const RoundInspection = Type.Object({
  round: RoundSummary,
  /** The most suspicious first. */
  updates: Type.Array(
    Type.Object({
      deviceId: DeviceId,
      weight: Type.Number(),
      numExamples: Type.Integer(),
      norm: Type.Number(),
      cosine: OrNull,
      distance: OrNull,
      distanceRank: OrNull,
      suspicion: OrNull,
      verdict: Type.String(),
      isQuarantined: Type.Boolean(),
    }),
  ),
})
export type RoundInspection = Static<typeof RoundInspection>

/** What each device sent in a round. Who took part is private: for whoever may shut devices out, and for nobody else. */
export function inspectionRoutes(app: App, { tasks, registry, updateLog, devices, keepReplay }: AppDeps): void {
  app.post(
    '/tasks/:taskId/rounds/:roundNumber/replay',
    {
      config: { audience: 'operator' },
      schema: {
        tags: ['versions'],
        summary: 'Keep what a round would have come to without some devices as a version',
        description: 'The gate begins to judge it: see the judgements of the version.',
        params: RoundParams,
        body: Type.Object(
          { without: Type.Array(DeviceId, { minItems: 1, maxItems: 10_000 }), reason: Reason },
          { additionalProperties: false },
        ),
        response: answers(Type.Object({ version: VersionNumber }), 'kept, and being judged', 201),
      },
    },
    async ({ params, body, person }, reply) =>
      reply.code(201).send({ version: await keepReplay({ ...params, ...body }, asker(person)) }),
  )

  app.get(
    '/tasks/:taskId/rounds/:roundNumber/inspection',
    {
      config: { audience: 'operator' },
      schema: {
        tags: ['tasks'],
        summary: 'The updates of one round, the most suspicious first',
        params: RoundParams,
        response: answers(RoundInspection, 'the round and its updates'),
      },
    },
    async ({ params: { taskId, roundNumber } }, reply): Promise<RoundInspection> => {
      tasks.get(taskId)
      const round = registry.roundSummary(taskId, roundNumber)
      if (round === undefined) throw new PanalError('unknown-round', `the task has no round ${roundNumber}`)
      const updates = inspect(updateLog.updatesOf(taskId, roundNumber)).map((update) => ({
        ...update,
        isQuarantined: devices.isQuarantined(update.deviceId),
      }))
      void reply.header('cache-control', 'no-store')
      return { round, updates }
    },
  )
}
