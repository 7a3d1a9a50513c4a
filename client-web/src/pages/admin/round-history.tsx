import { Anchor, Badge, Card, ScrollArea, Skeleton, Stack, Table, Text, Title } from '@mantine/core'
import type { RoundSummary } from '@panal/client-core'
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { roundsQuery } from '../../api/queries.ts'
import { formatBytes, formatDuration, formatNumber, formatPercent } from '../../components/format.ts'
import { outcomeColors } from '../../components/outcome-colors.ts'
import { sayAggregation } from '../../components/say-aggregation.ts'
import { RoundDrawer } from './round-drawer.tsx'

const ProgressChart = lazy(() => import('../../components/progress-chart.tsx'))

/** Accuracy and loss over the rounds, and each round in a row. */
export function RoundHistory({ taskId, canAct }: { readonly taskId: string; readonly canAct: boolean }) {
  const { data: rounds } = useQuery(roundsQuery(taskId))
  const [shown, setShown] = useState<number | null>(null)
  return (
    <Card withBorder h="100%">
      <Stack gap="sm">
        <Title order={2} size="h4">
          Rounds
        </Title>
        {rounds === undefined ? (
          <Skeleton height={240} />
        ) : rounds.length === 0 ? (
          <Text c="dimmed" size="sm">
            No round has been opened yet.
          </Text>
        ) : (
          <>
            <Suspense fallback={<Skeleton height={220} />}>
              <ProgressChart rounds={rounds} />
            </Suspense>
            <RoundsTable rounds={rounds} onShow={setShown} />
            <RoundDrawer
              round={rounds.find(({ number }) => number === shown) ?? null}
              canAct={canAct}
              onClose={() => setShown(null)}
            />
          </>
        )}
      </Stack>
    </Card>
  )
}

interface RoundsTableProps {
  readonly rounds: readonly RoundSummary[]
  readonly onShow: (round: number) => void
}

function RoundsTable({ rounds, onShow }: RoundsTableProps) {
  return (
    <ScrollArea.Autosize mah={280} type="auto" offsetScrollbars>
      <Table fz="sm" striped stickyHeader aria-label="Rounds, newest first" miw={760}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Round</Table.Th>
            <Table.Th>Outcome</Table.Th>
            <Table.Th ta="right">Updates</Table.Th>
            <Table.Th ta="right">Accuracy</Table.Th>
            <Table.Th ta="right">Log loss</Table.Th>
            <Table.Th>Aggregated by</Table.Th>
            <Table.Th ta="right">Up</Table.Th>
            <Table.Th ta="right">Took</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rounds.map((round) => (
            <Table.Tr key={round.number}>
              <Table.Td>
                <Anchor component="button" size="sm" onClick={() => onShow(round.number)}>
                  {round.number}
                </Anchor>
              </Table.Td>
              <Table.Td>
                <Badge
                  size="sm"
                  variant="light"
                  color={round.outcome === undefined ? 'honey' : outcomeColors[round.outcome]}
                >
                  {round.outcome ?? round.phase}
                </Badge>
              </Table.Td>
              <Table.Td ta="right">
                {round.numAccepted}/{round.numInvited}
              </Table.Td>
              <Table.Td ta="right">{round.accuracy === undefined ? '–' : formatPercent(round.accuracy)}</Table.Td>
              <Table.Td ta="right">{round.logLoss === undefined ? '–' : formatNumber(round.logLoss)}</Table.Td>
              <Table.Td>{sayAggregation(round.aggregation)}</Table.Td>
              <Table.Td ta="right">{formatBytes(round.bytesUp)}</Table.Td>
              <Table.Td ta="right">
                {round.closedAt === undefined ? '–' : formatDuration(round.closedAt - round.openedAt)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea.Autosize>
  )
}
