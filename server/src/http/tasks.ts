import { Pointers, RoundSummary, TaskCard, TaskId } from '@panal/client-core'
import { Type } from 'typebox'
import { GateReportSchema } from '../gate/report-schema.ts'
import { TaskDocument } from '../registry/task-document.ts'
import { nameOf } from './audience.ts'
import { answers, Page, Rounds, TaskParams } from './schemas.ts'
import type { App, AppDeps } from './ports.ts'

/** A topology travels in the document. */
const maxDocumentBytes = 4 * 2 ** 20

const TaskOverview = Type.Object({
  card: TaskCard,
  pointers: Pointers,
  round: Type.Union([RoundSummary, Type.Null()]),
  numMembers: Type.Integer(),
})

/** /v1/tasks: what is learnt here, and how it goes. */
export function taskRoutes(app: App, { tasks, registry, rounds }: AppDeps): void {
  const overview = (taskId: string) => ({
    card: tasks.card(taskId),
    pointers: registry.pointers(taskId),
    round: rounds.current(taskId),
    numMembers: rounds.numMembers(taskId),
  })

  app.get(
    '/tasks',
    {
      config: { audience: 'public' },
      schema: {
        tags: ['tasks'],
        summary: 'All tasks',
        response: answers(Type.Object({ tasks: Type.Array(TaskOverview) }), 'the tasks, by id'),
      },
    },
    () => ({ tasks: tasks.list().map(({ id }) => overview(id)) }),
  )

  app.get(
    '/tasks/:taskId',
    {
      config: { audience: 'public' },
      schema: { tags: ['tasks'], summary: 'One task', params: TaskParams, response: answers(TaskOverview, 'the task') },
    },
    ({ params }) => {
      tasks.get(params.taskId)
      return overview(params.taskId)
    },
  )

  app.get(
    '/schemas/task',
    {
      config: { audience: 'public' },
      schema: {
        tags: ['tasks'],
        summary: 'The JSON schema of a task document',
        description: 'With every policy that this server has and its options: for editors, forms and programs.',
        response: answers(Type.Object({}), 'a JSON schema'),
      },
    },
    () => ({ ...TaskDocument }),
  )

  app.get(
    '/schemas/gate-report',
    {
      config: { audience: 'public' },
      schema: {
        tags: ['tasks'],
        summary: 'The JSON schema of a gate report',
        description: 'Of a version’s report, and of what `panal evaluate --json` writes.',
        response: answers(Type.Object({}), 'a JSON schema'),
      },
    },
    () => ({ ...GateReportSchema }),
  )

  app.post(
    '/tasks',
    {
      config: { audience: 'operator' },
      bodyLimit: maxDocumentBytes,
      schema: {
        tags: ['tasks'],
        summary: 'Create a task',
        description: 'Every error in the document is reported, each with its path.',
        body: Type.Unsafe<unknown>(TaskDocument),
        response: answers(
          Type.Object({ id: TaskId, warnings: Type.Array(Type.String()) }),
          'created; its rounds start',
          201,
        ),
      },
      // `create` checks the document whole and reports every error; the schema above is for the page at /docs.
      validatorCompiler: () => () => true,
    },
    async ({ body, person }, reply) => {
      const { task, warnings } = await tasks.create(body, nameOf(person))
      rounds.start(task)
      return reply.code(201).send({ id: task.id, warnings })
    },
  )

  for (const [verb, paused] of [
    ['pause', true],
    ['resume', false],
  ] as const)
    app.post(
      `/tasks/:taskId/${verb}`,
      {
        config: { audience: 'operator' },
        schema: {
          tags: ['tasks'],
          summary: paused ? 'Open no further rounds' : 'Open rounds again',
          params: TaskParams,
          response: answers(Type.Object({ paused: Type.Boolean() })),
        },
      },
      ({ params, person }) => {
        tasks.setPaused(params.taskId, paused, nameOf(person))
        rounds.setPaused(params.taskId, paused)
        return { paused }
      },
    )

  app.get(
    '/tasks/:taskId/rounds',
    {
      config: { audience: 'public' },
      schema: {
        tags: ['tasks'],
        summary: 'Rounds, newest first',
        params: TaskParams,
        querystring: Page,
        response: answers(Rounds, 'the rounds'),
      },
    },
    ({ params, query }) => {
      tasks.get(params.taskId)
      return { rounds: registry.roundSummaries(params.taskId, query) }
    },
  )
}
