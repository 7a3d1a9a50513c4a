import { Progress, SimpleGrid, Stack, Text } from '@mantine/core'
import type { RoundSummary } from '@panal/client-core'
import { Figure } from '../../components/figure.tsx'
import { formatBytes, formatDuration, formatNumber, formatSeconds } from '../../components/format.ts'
import { RoundCard } from '../../components/round-card.tsx'
import { sayAggregation } from '../../components/say-aggregation.ts'
import { useServerNow } from '../../components/use-server-now.ts'

/** The round that runs now, with all its figures. */
export function LiveRound({ round, numMembers }: { readonly round: RoundSummary | null; readonly numMembers: number }) {
  return (
    <RoundCard round={round} numMembers={numMembers}>
      {round !== null && (
        <Stack gap="xs">
          <Progress.Root size="xl" aria-label="Progress to the reporting goal">
            <Progress.Section value={(100 * round.numAccepted) / Math.max(1, round.reportingGoal)}>
              <Progress.Label>
                {round.numAccepted} / {round.reportingGoal}
              </Progress.Label>
            </Progress.Section>
          </Progress.Root>
          {round.phase === 'collecting' && <Countdown deadlineAt={round.deadlineAt} />}
          <SimpleGrid cols={{ base: 3 }} spacing="xs">
            <Figure label="Invited" value={String(round.numInvited)} />
            <Figure label="Accepted" value={String(round.numAccepted)} />
            <Figure label="Rejected" value={String(round.numRejected)} />
            <Figure label="Dropped" value={String(round.numDropped)} />
            <Figure label="Late" value={String(round.numLate)} />
            {round.numCarried !== undefined && <Figure label="Carried over" value={String(round.numCarried)} />}
            {round.meanStaleness !== undefined && (
              <Figure label="Rounds late" value={formatNumber(round.meanStaleness, 1)} />
            )}
            <Figure label="Base" value={`v${round.baseVersion}`} />
            <Figure label="Down" value={formatBytes(round.bytesDown)} />
            <Figure label="Up" value={formatBytes(round.bytesUp)} />
            <Figure label="Train" value={time(round.trainMs)} />
            <Figure label="Collect" value={time(round.collectMs)} />
            <Figure label="Aggregate" value={time(round.aggregateMs)} />
            <Figure label="Gate" value={time(round.gateMs)} />
          </SimpleGrid>
          {round.aggregation !== undefined && (
            <Text size="xs" c="dimmed">
              Aggregated by {sayAggregation(round.aggregation)}
            </Text>
          )}
          {round.reason !== undefined && round.phase === 'closed' && (
            <Text size="xs" c="dimmed">
              {round.reason}
            </Text>
          )}
        </Stack>
      )}
    </RoundCard>
  )
}

const time = (ms: number | undefined): string => (ms === undefined ? '–' : formatDuration(ms))

function Countdown({ deadlineAt }: { readonly deadlineAt: number }) {
  const leftMs = deadlineAt - useServerNow(1000)
  return (
    <Text size="sm" c="dimmed" ta="center" role="timer">
      {leftMs > 0 ? `deadline in ${formatSeconds(leftMs)}` : 'the deadline has passed'}
    </Text>
  )
}
