import { Anchor, Card, Progress, Stack, Text, Title } from '@mantine/core'
import type { RoundSummary, TaskCard } from '@panal/client-core'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { roundsQuery } from '../../api/queries.ts'
import { formatPercent } from '../../components/format.ts'
import { sayRound } from '../../components/say-round.ts'

/** No model has passed its examination yet: how far the rounds are, and how to help. */
export function NoChampion({ card, round }: { readonly card: TaskCard; readonly round: RoundSummary | null }) {
  const { data: rounds = [] } = useQuery(roundsQuery(card.id))
  const best = rounds.find(({ accuracy }) => accuracy !== undefined)?.accuracy
  return (
    <Card withBorder>
      <Stack>
        <Title order={2} size="h4">
          It is still learning
        </Title>
        <Text>
          No model of this task has passed its examination yet, so there is none to answer. This page will say so when
          one has.
        </Text>
        <Stack gap={6}>
          <Text size="sm" aria-live="polite">
            {round === null ? '' : `Round ${round.number}: `}
            {sayRound(round)}
          </Text>
          {round !== null && (
            <Progress
              value={(100 * round.numAccepted) / Math.max(1, round.reportingGoal)}
              aria-label={`Updates of round ${round.number}`}
              size="lg"
            />
          )}
          {best !== undefined && (
            <Text size="sm" c="dimmed">
              The newest candidate is right in {formatPercent(best)} of the examples it never saw.
            </Text>
          )}
        </Stack>
        <Anchor component={Link} to={`/contribute/${card.id}`}>
          Help it: contribute
        </Anchor>
      </Stack>
    </Card>
  )
}
