import { Alert, Code, Stack, Text, Title } from '@mantine/core'
import type { ComponentType } from 'react'
import { Navigate, useLocation, useParams } from 'react-router'
import { isUnreachable } from '../api/http.ts'
import { useTask, useTasks } from '../api/queries.ts'
import type { TaskView } from '../api/types.ts'
import { NotFoundPage } from '../pages/not-found.tsx'
import { PageSkeleton } from './page-skeleton.tsx'

export interface TaskPageProps {
  readonly view: TaskView
}

type TaskPage = ComponentType<TaskPageProps>

/** Finds the task that the address names, or the first one, before a page is shown. */
export function TaskGate({ Page }: { readonly Page: TaskPage }) {
  const { taskId } = useParams()
  return taskId === undefined ? <FirstTask /> : <NamedTask key={taskId} taskId={taskId} Page={Page} />
}

function FirstTask() {
  const { data: tasks } = useTasks()
  const { pathname, search } = useLocation()
  if (tasks === undefined) return <PageSkeleton />
  const [first] = tasks
  if (first === undefined) return <NoTasks />
  return <Navigate to={`${pathname.replace(/\/$/, '')}/${first.card.id}${search}`} replace />
}

function NamedTask({ taskId, Page }: { readonly taskId: string; readonly Page: TaskPage }) {
  const { data: view, error } = useTask(taskId)
  if (view !== undefined) return <Page view={view} />
  if (error === null || isUnreachable(error)) return <PageSkeleton />
  if ('code' in error && error.code === 'unknown-task') return <NotFoundPage />
  return (
    <Alert color="red" title="This task could not be read">
      {error.message}
    </Alert>
  )
}

function NoTasks() {
  return (
    <Stack py="xl" maw={640}>
      <Title order={1} size="h2">
        Nothing to learn yet
      </Title>
      <Text>
        This server has no tasks. Its admin can create one on the Admin page, or with{' '}
        <Code>npx panal task create FILE</Code>.
      </Text>
    </Stack>
  )
}
