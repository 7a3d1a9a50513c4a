import { Badge, Card, Group, Stack, Text, Title } from '@mantine/core'
import type { RoundSummary } from '@panal/client-core'
import type { ReactNode } from 'react'
import { Honeycomb } from './honeycomb.tsx'
import { outcomeColors } from './outcome-colors.ts'
import { sayRound } from './say-round.ts'

interface RoundCardProps {
  readonly round: RoundSummary | null
  readonly numMembers: number
  /** More about the round, below the picture. */
  readonly children?: ReactNode
}

/** The round that runs now, as a honeycomb and one sentence. */
export function RoundCard({ round, numMembers, children }: RoundCardProps) {
  return (
    <Card withBorder>
      <Stack gap="xs">
        <Group justify="space-between">
          <Title order={2} size="h4">
            {round === null ? 'No round yet' : `Round ${round.number}`}
          </Title>
          {round !== null && (
            <Badge variant="light" color={round.outcome === undefined ? 'honey' : outcomeColors[round.outcome]}>
              {round.outcome ?? round.phase}
            </Badge>
          )}
        </Group>
        <Honeycomb round={round} />
        <Text size="sm" ta="center" aria-live="polite">
          {sayRound(round)}
        </Text>
        <Text size="xs" c="dimmed" ta="center">
          {numMembers === 1 ? '1 device takes part now' : `${numMembers} devices take part now`}
        </Text>
        {children}
      </Stack>
    </Card>
  )
}
