import { Badge, Card, Group, Stack, Text } from '@mantine/core'
import type { CheckResult } from '@panal/client-core'
import { formatNumber } from '../../components/format.ts'
import { sayVerdict, verdictColors } from '../../components/outcome-colors.ts'
import { IntervalPicture } from './interval-picture.tsx'

/** What one gate check found: verdict, sentence, and the interval against its margin as a picture. */
export function CheckCard({ result }: { readonly result: CheckResult }) {
  const { check, verdict, reason, metric, estimate, interval, margin, n, nRequired, test, p } = result
  const facts = [
    metric,
    estimate === undefined ? undefined : `estimate ${formatNumber(estimate)}`,
    n === undefined
      ? undefined
      : `n ${n.toLocaleString('en')}${nRequired === undefined ? '' : ` (${nRequired.toLocaleString('en')} needed)`}`,
    p === undefined ? undefined : `p ${formatNumber(p)}`,
    test,
  ].filter((fact) => fact !== undefined)
  return (
    <Card withBorder padding="sm">
      <Stack gap={6}>
        <Group justify="space-between">
          <Text fw={600}>{check}</Text>
          <Badge variant="light" color={verdictColors[verdict]}>
            {sayVerdict[verdict]}
          </Badge>
        </Group>
        <Text size="sm">{reason}</Text>
        {interval !== undefined && estimate !== undefined && (
          <IntervalPicture
            estimate={estimate}
            interval={interval}
            color={verdictColors[verdict]}
            {...(margin === undefined ? {} : { margin })}
          />
        )}
        <Text size="xs" c="dimmed">
          {facts.join(' · ')}
        </Text>
      </Stack>
    </Card>
  )
}
