import { Anchor, Button, Group, Skeleton, Stack, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Link, Navigate, useLocation, useParams } from 'react-router'
import { sessionQuery, useSignOut, useTasks } from '../../api/queries.ts'
import type { SessionView } from '../../api/types.ts'
import { PageSkeleton } from '../../components/page-skeleton.tsx'
import { CreateTaskButton } from './create-task.tsx'
import { AccountButton } from './own-account.tsx'
import { PeopleButton } from './people.tsx'
import { SignIn } from './sign-in.tsx'
import { TaskList } from './task-list.tsx'
import { TaskPanel } from './task-panel.tsx'

const mayAct = ({ role }: SessionView): boolean => role === 'owner' || role === 'operator'

/** Everybody may look; who has signed in may pause, promote and roll back. */
export default function AdminPage() {
  const { data: session, isPending } = useQuery({ ...sessionQuery, refetchInterval: 60_000 })
  const { data: tasks, error } = useTasks()
  const { taskId } = useParams()
  const { hash, search } = useLocation()
  useDocumentTitle('Admin · Panal')
  if (isPending || (tasks === undefined && error === null)) return <PageSkeleton />
  const [first] = tasks ?? []
  if (taskId === undefined && first !== undefined)
    return <Navigate to={{ pathname: `/admin/${first.card.id}`, search, hash }} replace />
  const canAct = session !== undefined && mayAct(session)
  const chosen = tasks?.find(({ card }) => card.id === taskId)
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Title order={1} size="h2">
          Admin
        </Title>
        {session?.signedIn === true && <SignedIn session={session} />}
      </Group>
      {session?.signedIn !== true && <SignIn />}
      {tasks === undefined ? (
        <Skeleton height={200} />
      ) : (
        <>
          <TaskList tasks={tasks} chosen={taskId ?? null} canAct={canAct} />
          {canAct && <CreateTaskButton />}
          {chosen === undefined ? (
            <NoTaskChosen isEmpty={tasks.length === 0} />
          ) : (
            <TaskPanel
              key={chosen.card.id}
              taskId={chosen.card.id}
              canAct={canAct}
              isSignedIn={session?.signedIn === true}
            />
          )}
        </>
      )}
    </Stack>
  )
}

function SignedIn({ session }: { readonly session: SessionView }) {
  const signOut = useSignOut()
  return (
    <Group gap="xs">
      <Text size="sm" c="dimmed">
        {session.name} ({session.role})
      </Text>
      <AccountButton />
      {session.role === 'owner' && <PeopleButton />}
      <Button variant="default" size="compact-sm" loading={signOut.isPending} onClick={() => signOut.mutate()}>
        Sign out
      </Button>
    </Group>
  )
}

function NoTaskChosen({ isEmpty }: { readonly isEmpty: boolean }) {
  if (isEmpty) return <Text c="dimmed">There are no tasks yet. Create the first one.</Text>
  return (
    <Text>
      There is no task of this name.{' '}
      <Anchor component={Link} to="/admin">
        See all
      </Anchor>
    </Text>
  )
}
