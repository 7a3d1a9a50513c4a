import { Alert, Button, Card, Group, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { moveRequestsQuery, useDecide, type MoveRequestView } from '../../api/people.ts'
import { versionsQuery } from '../../api/queries.ts'
import { formatTime } from '../../components/format.ts'
import { GateObjection } from './gate-objection.tsx'

interface PendingMovesProps {
  readonly taskId: string
  readonly canAct: boolean
}

/** Moves of the champion that somebody asked for and somebody else has to approve. Nothing where there are none. */
export function PendingMoves({ taskId, canAct }: PendingMovesProps) {
  const { data: requests = [] } = useQuery(moveRequestsQuery(taskId))
  const waiting = requests.filter(({ state }) => state === 'waiting')
  if (waiting.length === 0) return null
  return (
    <Stack gap="xs" component="section" aria-label="Waiting for a second person">
      <Title order={2} size="h4">
        Waiting for a second person
      </Title>
      {waiting.map((request) => (
        <PendingMove key={request.id} taskId={taskId} request={request} canAct={canAct} />
      ))}
    </Stack>
  )
}

function PendingMove({ taskId, request, canAct }: PendingMovesProps & { readonly request: MoveRequestView }) {
  const decide = useDecide(taskId)
  const { data: versions = [] } = useQuery(versionsQuery(taskId))
  const version = versions.find(({ version }) => version === request.version)
  const what = request.move === 'promote' ? 'Promote model' : 'Roll back to model'
  return (
    <Card withBorder padding="sm">
      <Group justify="space-between" gap="sm">
        <div>
          <Text fw={600}>
            {what} {request.version}
            {request.againstGate && ' against the gate'}
          </Text>
          <Text size="sm">{request.reason}</Text>
          <Text size="xs" c="dimmed">
            {request.askedBy}, {formatTime(request.askedAt)}
          </Text>
        </div>
        {canAct && (
          <Group gap="xs">
            <Button
              size="compact-sm"
              variant="default"
              disabled={decide.isPending}
              onClick={() => decide.mutate({ id: request.id, verb: 'refuse' })}
            >
              Refuse
            </Button>
            <Button
              size="compact-sm"
              loading={decide.isPending}
              onClick={() => decide.mutate({ id: request.id, verb: 'approve' })}
            >
              Approve
            </Button>
          </Group>
        )}
      </Group>
      {request.move === 'promote' && version !== undefined && <GateObjection version={version} />}
      {decide.error !== null && (
        <Alert color="red" mt="xs" role="alert">
          {decide.error.message}
        </Alert>
      )}
    </Card>
  )
}
