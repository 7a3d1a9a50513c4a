import { Grid, Skeleton, Stack, Tabs } from '@mantine/core'
import { useWatchTask } from '../../api/live.ts'
import { useTask } from '../../api/queries.ts'
import { PendingMoves } from './pending-moves.tsx'
import { InviteDevice } from './invite-device.tsx'
import { LiveRound } from './live-round.tsx'
import { MovesTable } from './moves-table.tsx'
import { RoundHistory } from './round-history.tsx'
import { VersionsTable } from './versions-table.tsx'

interface TaskPanelProps {
  readonly taskId: string
  readonly canAct: boolean
  readonly isSignedIn: boolean
}

/** One task: the round that runs, the rounds before, the versions and who moved which pointer. */
export function TaskPanel({ taskId, canAct, isSignedIn }: TaskPanelProps) {
  const { data: view } = useTask(taskId)
  useWatchTask(taskId)
  if (view === undefined) return <Skeleton height={320} />
  return (
    <Stack>
      <Grid>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <LiveRound round={view.round} numMembers={view.numMembers} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 7 }}>
          <RoundHistory taskId={taskId} canAct={canAct} />
        </Grid.Col>
      </Grid>
      {isSignedIn && <PendingMoves taskId={taskId} canAct={canAct} />}
      {canAct && view.card.enrolment === 'invitation' && <InviteDevice taskId={taskId} />}
      <Tabs defaultValue="versions" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="versions">Versions</Tabs.Tab>
          <Tabs.Tab value="moves">Who moved what</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="versions" pt="md">
          <VersionsTable taskId={taskId} pointers={view.pointers} canAct={canAct} />
        </Tabs.Panel>
        <Tabs.Panel value="moves" pt="md">
          <MovesTable taskId={taskId} />
        </Tabs.Panel>
      </Tabs>
    </Stack>
  )
}
