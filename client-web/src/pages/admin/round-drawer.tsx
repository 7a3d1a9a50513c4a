import { Badge, Drawer, Group, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core'
import type { RoundSummary } from '@panal/client-core'
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { inspectionQuery } from '../../api/queries.ts'
import { Figure } from '../../components/figure.tsx'
import { formatBytes, formatDuration } from '../../components/format.ts'
import { outcomeColors } from '../../components/outcome-colors.ts'
import { sayBandwidth } from '../../components/say-aggregation.ts'
import { InspectedUpdates } from './inspected-updates.tsx'

const NormCosineChart = lazy(() => import('../../components/norm-cosine-chart.tsx'))

interface RoundDrawerProps {
  readonly round: RoundSummary | null
  readonly canAct: boolean
  readonly onClose: () => void
}

/** What one round was aggregated with and, for whoever may shut devices out, what each of them sent. */
export function RoundDrawer({ round, canAct, onClose }: RoundDrawerProps) {
  return (
    <Drawer
      opened={round !== null}
      onClose={onClose}
      position="right"
      size={840}
      title={round === null ? '' : <RoundTitle round={round} />}
    >
      {round !== null && (
        <Stack>
          <Aggregated round={round} />
          {canAct && <Updates taskId={round.taskId} roundNumber={round.number} />}
        </Stack>
      )}
    </Drawer>
  )
}

/** Which round, how it ended, and the versions before and after it. */
function RoundTitle({
  round: { number, outcome, phase, baseVersion, candidateVersion },
}: {
  readonly round: RoundSummary
}) {
  return (
    <Group component="span" gap="xs">
      <span>Round {number}</span>
      <Badge component="span" variant="light" color={outcome === undefined ? 'honey' : outcomeColors[outcome]}>
        {outcome ?? phase}
      </Badge>
      <Text component="span" size="sm" c="dimmed">
        {candidateVersion === undefined ? `v${baseVersion}, no candidate` : `v${baseVersion} → v${candidateVersion}`}
      </Text>
    </Group>
  )
}

function Aggregated({ round: { aggregation } }: { readonly round: RoundSummary }) {
  if (aggregation === undefined)
    return (
      <Text size="sm" c="dimmed">
        It has no record of an aggregation.
      </Text>
    )
  const bandwidth = sayBandwidth(aggregation)
  return (
    <Stack gap="xs">
      <SimpleGrid cols={{ base: 2, xs: 4 }} spacing="xs">
        <Figure label="Aggregated by" value={aggregation.engine} />
        {Math.round(aggregation.ms) > 0 && <Figure label="Time" value={formatDuration(aggregation.ms)} />}
        <Figure label="Read" value={formatBytes(aggregation.bytes)} />
        {bandwidth !== undefined && <Figure label="Bandwidth" value={bandwidth} />}
      </SimpleGrid>
      <Text size="sm" c="dimmed">
        {aggregation.device}
        {aggregation.lost !== undefined && `; ${aggregation.lost} had lost its device`}
        {aggregation.rootBackend !== undefined && `; root set trained on by ${aggregation.rootBackend}`}
      </Text>
    </Stack>
  )
}

function Updates({ taskId, roundNumber }: { readonly taskId: string; readonly roundNumber: number }) {
  const { data, error } = useQuery(inspectionQuery(taskId, roundNumber))
  // What was read once stays while the server cannot be reached, and with it the reason that somebody is typing.
  if (data === undefined) return error === null ? <Skeleton height={240} /> : <Text size="sm">{error.message}</Text>
  return (
    <Stack gap="sm">
      <Suspense fallback={<Skeleton height={220} />}>
        <NormCosineChart updates={data.updates} />
      </Suspense>
      <InspectedUpdates updates={data.updates} />
    </Stack>
  )
}
