import { Card, Group, SimpleGrid, Skeleton, Stack, Text, Title, Tooltip } from '@mantine/core'
import { lazy, Suspense } from 'react'
import { Figure } from '../../components/figure.tsx'
import { formatBytes } from '../../components/format.ts'
import type { ContributionView } from '../../device/contribution-view.ts'

const LossChart = lazy(() => import('../../components/loss-chart.tsx'))

/** How this device's training goes: loss, updates accepted, bytes, where it computes. */
export function LiveCard({ view }: { readonly view: ContributionView }) {
  return (
    <Card withBorder>
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h4">
            Your training
          </Title>
          <BackendNote view={view} />
        </Group>
        <Suspense fallback={<Skeleton height={180} />}>
          <LossChart points={view.points} />
        </Suspense>
        <SimpleGrid cols={{ base: 2, xs: 4 }} spacing="xs">
          <Figure label="Updates accepted" value={String(view.numAccepted)} />
          <Figure label="Examples" value={view.data === null ? '–' : view.data.numExamples.toLocaleString('en')} />
          <Figure label="Received" value={formatBytes(view.bytesDown)} />
          <Figure label="Sent" value={formatBytes(view.bytesUp)} />
        </SimpleGrid>
        {view.setbacks.slice(-3).map(({ roundNumber, detail }) => (
          <Text key={roundNumber} size="sm" c="dimmed">
            Round {roundNumber} did not count: {detail}
          </Text>
        ))}
      </Stack>
    </Card>
  )
}

function BackendNote({ view: { backend } }: { readonly view: ContributionView }) {
  if (backend === null) return null
  const passedOver = backend.trials.filter(({ ok }) => !ok)
  return (
    <Tooltip
      multiline
      maw={300}
      label={
        passedOver.length === 0
          ? 'The fastest kind there is.'
          : passedOver.map((trial) => `${trial.backend}: ${trial.detail ?? 'failed'}`).join(' · ')
      }
    >
      <Text size="xs" c="dimmed" tabIndex={0}>
        computes with <b>{backend.chosen}</b>
      </Text>
    </Tooltip>
  )
}
