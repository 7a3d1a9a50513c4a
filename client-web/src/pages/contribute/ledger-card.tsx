import { Button, Card, Group, ScrollArea, Stack, Table, Text, Title, Tooltip } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import type { LedgerEntry } from '@panal/client-core'
import { useQuery } from '@tanstack/react-query'
import { roundsQuery } from '../../api/queries.ts'
import { formatBytes, formatTime } from '../../components/format.ts'
import { ledgerQuery } from '../../data/own-data.ts'
import { saveFile } from '../../data/save-file.ts'
import { sayOutcome } from './say-outcome.ts'

/** What left this device, and what became of it: kept here, and read from here. */
export function LedgerCard({ taskId }: { readonly taskId: string }) {
  const { data: entries = [] } = useQuery(ledgerQuery(taskId))
  const { data: rounds = [] } = useQuery({ ...roundsQuery(taskId), enabled: entries.length > 0 })
  if (entries.length === 0) return null
  const closed = new Map(rounds.flatMap((round) => (round.phase === 'closed' ? [[round.number, round]] : [])))
  return (
    <Card withBorder>
      <Stack gap="xs">
        <Group justify="space-between">
          <Title order={2} size="h4">
            What left this device
          </Title>
          <Button
            variant="subtle"
            size="compact-sm"
            leftSection={<IconDownload size={16} />}
            onClick={() => saveFile(`${taskId}-ledger.json`, JSON.stringify(entries, null, 2))}
          >
            Save
          </Button>
        </Group>
        <Text size="sm" c="dimmed">
          This browser’s own record, with receipts that the server signed. Length is that of the change you sent, and
          how far it is cut at most.
        </Text>
        <ScrollArea.Autosize mah={320} type="auto" offsetScrollbars>
          <Table striped fz="sm" aria-label="Updates that left this browser" horizontalSpacing={6}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Round</Table.Th>
                <Table.Th>Sent</Table.Th>
                <Table.Th ta="right">Size</Table.Th>
                <Table.Th ta="right">Length</Table.Th>
                <Table.Th ta="right">Part of</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {entries.map((entry) => (
                <Row key={entry.roundNumber} entry={entry} candidate={closed.get(entry.roundNumber)} />
              ))}
            </Table.Tbody>
          </Table>
        </ScrollArea.Autosize>
      </Stack>
    </Card>
  )
}

interface RowProps {
  readonly entry: LedgerEntry
  /** The entry's round, where the server says that it is closed. */
  readonly candidate: { readonly candidateVersion?: number } | undefined
}

function Row({ entry, candidate }: RowProps) {
  const { text, detail } = sayOutcome(entry, candidate)
  return (
    <Table.Tr>
      <Table.Td>{entry.roundNumber}</Table.Td>
      <Table.Td>{formatTime(entry.sentAt)}</Table.Td>
      <Table.Td ta="right">{formatBytes(entry.bytes)}</Table.Td>
      <Table.Td ta="right">
        {entry.norm?.toPrecision(3) ?? '–'}
        {entry.clipNorm !== null && (
          <Text span size="xs" c="dimmed">
            {' '}
            ≤ {entry.clipNorm}
          </Text>
        )}
      </Table.Td>
      <Table.Td ta="right">
        <Tooltip label={detail} multiline maw={260}>
          <Text span size="sm" tabIndex={0}>
            {text}
          </Text>
        </Tooltip>
      </Table.Td>
    </Table.Tr>
  )
}
