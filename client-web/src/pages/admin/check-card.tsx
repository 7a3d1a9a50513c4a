import { Badge, Card, Divider, Group, Stack, Text } from '@mantine/core'
import type { CheckResult, CheckRow } from '@panal/client-core'
import { formatNumber } from '../../components/format.ts'
import { sayVerdict, verdictColors } from '../../components/outcome-colors.ts'
import { IntervalPicture } from './interval-picture.tsx'

/** What one gate check found: verdict and sentence, then all that it measured. */
export function CheckCard({ result: { check, verdict, reason, rows } }: { readonly result: CheckResult }) {
  return (
    <Card withBorder padding="sm">
      <Stack gap={6}>
        <Group justify="space-between">
          <Text fw={600}>{check}</Text>
          <Verdict verdict={verdict} />
        </Group>
        <Text size="sm">{reason}</Text>
        {rows.map((row, index) => (
          <Measured key={index} row={row} isOnly={rows.length === 1} />
        ))}
      </Stack>
    </Card>
  )
}

function Verdict({ verdict }: Pick<CheckResult, 'verdict'>) {
  return (
    <Badge variant="light" color={verdictColors[verdict]}>
      {sayVerdict[verdict]}
    </Badge>
  )
}

/** One row: the interval against its margin as a picture, and the numbers. The only one says nothing that the check did not. */
function Measured({ row, isOnly }: { readonly row: CheckRow; readonly isOnly: boolean }) {
  const { metric, segment, estimate, interval, margin, verdict, reason } = row
  return (
    <Stack gap={6}>
      {!isOnly && (
        <>
          <Divider />
          <Group justify="space-between">
            <Text size="sm" fw={500}>
              {segment === undefined ? metric : `${segment}: ${metric}`}
            </Text>
            <Verdict verdict={verdict} />
          </Group>
          <Text size="sm">{reason}</Text>
        </>
      )}
      {interval !== undefined && estimate !== undefined && (
        <IntervalPicture
          estimate={estimate}
          interval={interval}
          color={verdictColors[verdict]}
          {...(margin === undefined ? {} : { margin })}
        />
      )}
      <Text size="xs" c="dimmed">
        {factsOf(row).join(' · ')}
      </Text>
    </Stack>
  )
}

function factsOf({ metric, estimate, n, nRequired, p, adjustedP, test }: CheckRow): string[] {
  const needed = nRequired === undefined ? '' : ` (${nRequired.toLocaleString('en')} needed)`
  const facts = [
    metric,
    estimate === undefined ? undefined : `estimate ${formatNumber(estimate)}`,
    n === undefined ? undefined : `n ${n.toLocaleString('en')}${needed}`,
    p === undefined ? undefined : `p ${formatNumber(p)}`,
    adjustedP === undefined ? undefined : `adjusted p ${formatNumber(adjustedP)}`,
    test,
  ]
  return facts.filter((fact) => fact !== undefined)
}
