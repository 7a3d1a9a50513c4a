import { Type } from 'typebox'
import { EvaluationSets, TaskSets } from '../registry/task-document.ts'
import { nameOf } from './audience.ts'
import type { App, AppDeps } from './ports.ts'
import { answers, TaskParams } from './schemas.ts'

const Changes = Type.Partial(EvaluationSets, { additionalProperties: false, minProperties: 1 })

/** /v1/tasks/<id>/sets: what the task's models are judged by. */
export function taskSetRoutes(app: App, { tasks, registry, rounds }: AppDeps): void {
  app.get(
    '/tasks/:taskId/sets',
    {
      config: { audience: 'viewer' },
      schema: {
        tags: ['tasks'],
        summary: 'What the task’s models are judged by',
        description: '`numLooks`: how often the gate set was looked at, by any task.',
        params: TaskParams,
        response: answers(Type.Object({ sets: TaskSets, numLooks: Type.Integer() }), 'the digests'),
      },
    },
    ({ params: { taskId } }) => {
      const { sets } = tasks.get(taskId).document
      return { sets, numLooks: registry.looks(sets.gate).length }
    },
  )

  app.post(
    '/tasks/:taskId/sets',
    {
      config: { audience: 'operator' },
      schema: {
        tags: ['tasks'],
        summary: 'Judge by other sets from now on',
        description:
          'Sets that are not named stay. The new ones are checked as when a task is created; rounds, devices and earlier reports are not concerned. A gate set that was never judged by has no looks yet.',
        params: TaskParams,
        body: Changes,
        response: answers(Type.Object({ sets: TaskSets, warnings: Type.Array(Type.String()) }), 'the sets of now'),
      },
    },
    async ({ params: { taskId }, body, person }) => {
      const { task, warnings } = await tasks.changeSets(taskId, body, nameOf(person))
      rounds.replace(task)
      return { sets: task.document.sets, warnings }
    },
  )
}
