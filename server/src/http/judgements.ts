import { Type } from 'typebox'
import type { Judging } from '../gate/judge-again.ts'
import type { Judgement } from '../registry/model-version.ts'
import { asker } from './audience.ts'
import type { App, AppDeps } from './ports.ts'
import { answers, VersionParams } from './schemas.ts'

const JudgingView = Type.Object(
  {},
  { description: 'how far the judgement is: `check`, `numDone` of `numChecks`; or `failure`, why nothing came of it' },
)
const Found = Type.Object({
  judgements: Type.Array(
    Type.Object({}, { description: 'a judgement: verdict, outcome, reason, gate set, when, by whom' }),
  ),
  judging: Type.Union([JudgingView, Type.Null()]),
})

/** Every judgement of a version, and one more of a version that the gate held. */
export function judgementRoutes(app: App, { tasks, registry, judgeAgain }: AppDeps): void {
  const path = '/tasks/:taskId/versions/:version'

  app.get(
    `${path}/judgements`,
    {
      config: { audience: 'public' },
      schema: {
        tags: ['versions'],
        summary: 'Judgements of a version, newest first, and the one that is being made',
        description:
          'The report of each: `report.json?judgement=<id>`. Who asked for it is told only to people who have signed in; for others `actor` and `askedBy` are null.',
        params: VersionParams,
        response: answers(Found, 'the judgements'),
      },
    },
    ({ params: { taskId, version }, person }) => {
      tasks.get(taskId)
      const found = { judgements: registry.judgements(taskId, version), judging: judgeAgain.current(taskId, version) }
      return person === null ? withoutNames(found) : found
    },
  )

  app.post(
    `${path}/judge`,
    {
      config: { audience: 'operator' },
      schema: {
        tags: ['versions'],
        summary: 'Judge a held version again',
        description:
          'By the task’s sets of now, against champion and anchor of now; a look at the gate set like any other. It is made in the background: `judgements` tells how far it is, and what came of it. What passes is promoted as at the end of a round; under the two-person rule it waits for somebody else to approve.',
        params: VersionParams,
        response: answers(Type.Object({ judging: JudgingView }), 'it has begun', 202),
      },
    },
    async ({ params: { taskId, version }, person }, reply) =>
      reply.code(202).send({ judging: judgeAgain.start(taskId, version, asker(person)) }),
  )
}

const withoutNames = ({ judgements, judging }: { judgements: readonly Judgement[]; judging: Judging | null }) => ({
  // The gate is nobody.
  judgements: judgements.map((each) => ({ ...each, actor: each.actor === 'gate' ? 'gate' : null })),
  judging: judging && { ...judging, askedBy: null },
})
