import { Badge, Button, Card, Group, SimpleGrid, Stack, Text } from '@mantine/core'
import { IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react'
import { Link } from 'react-router'
import { useSetPaused } from '../../api/queries.ts'
import type { TaskView } from '../../api/types.ts'
import { sayRound } from '../../components/say-round.ts'

interface TaskListProps {
  readonly tasks: readonly TaskView[]
  readonly chosen: string | null
  readonly canAct: boolean
}

/** All tasks, each with its state at a glance. */
export function TaskList({ tasks, chosen, canAct }: TaskListProps) {
  return (
    <SimpleGrid cols={{ base: 1, sm: 2, md: 3 }} component="nav" aria-label="Tasks">
      {tasks.map((view) => (
        <TaskTile key={view.card.id} view={view} isChosen={view.card.id === chosen} canAct={canAct} />
      ))}
    </SimpleGrid>
  )
}

interface TaskTileProps {
  readonly view: TaskView
  readonly isChosen: boolean
  readonly canAct: boolean
}

function TaskTile({ view: { card, round, numMembers, pointers }, isChosen, canAct }: TaskTileProps) {
  return (
    <Card withBorder padding="sm" style={isChosen ? { borderColor: 'var(--mantine-color-honey-5)' } : {}}>
      <Stack gap={6} h="100%">
        <Group justify="space-between" wrap="nowrap">
          <Text
            component={Link}
            to={`/admin/${card.id}`}
            fw={600}
            aria-current={isChosen ? 'page' : undefined}
            style={{ textDecoration: 'none', color: 'inherit' }}
          >
            {card.title}
          </Text>
          {card.paused && <Badge color="gray">paused</Badge>}
        </Group>
        <Text size="xs" c="dimmed">
          {card.id} · {card.numParams.toLocaleString('en')} params · {numMembers} devices ·{' '}
          {pointers.champion === null ? 'no champion' : `champion ${pointers.champion}`}
        </Text>
        <Text size="sm">
          {round === null ? '' : `Round ${round.number}: `}
          {sayRound(round)}
        </Text>
        {canAct && <PauseButton taskId={card.id} paused={card.paused} />}
      </Stack>
    </Card>
  )
}

function PauseButton({ taskId, paused }: { readonly taskId: string; readonly paused: boolean }) {
  const change = useSetPaused(taskId, !paused)
  return (
    <Group mt="auto" gap="xs">
      <Button
        size="compact-sm"
        variant="default"
        loading={change.isPending}
        leftSection={paused ? <IconPlayerPlay size={14} /> : <IconPlayerPause size={14} />}
        onClick={() => change.mutate({})}
      >
        {paused ? 'Resume' : 'Pause'}
      </Button>
      {change.error !== null && (
        <Text size="xs" c="red" role="alert">
          {change.error.message}
        </Text>
      )}
    </Group>
  )
}
