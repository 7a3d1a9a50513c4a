import { Card, ScrollArea, Stack, Table, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { roundsQuery } from '../../api/queries.ts'
import { formatTime } from '../../components/format.ts'
import { contributionsQuery } from '../../data/own-data.ts'

/** This browser's receipts: every update that the server accepted from it. */
export function HistoryCard({ taskId }: { readonly taskId: string }) {
  const { data: contributions = [] } = useQuery(contributionsQuery(taskId))
  const { data: rounds = [] } = useQuery({ ...roundsQuery(taskId), enabled: contributions.length > 0 })
  if (contributions.length === 0) return null
  const versionOf = new Map(rounds.map(({ number, candidateVersion }) => [number, candidateVersion]))
  return (
    <Card withBorder>
      <Stack gap="xs">
        <Title order={2} size="h4">
          What you gave
        </Title>
        <Text size="sm" c="dimmed">
          The server’s receipts, kept in this browser. Norm is the length of the change you sent; weight is how much it
          counted for.
        </Text>
        <ScrollArea.Autosize mah={320} type="auto" offsetScrollbars>
          <Table striped fz="sm" aria-label="Updates accepted from this browser" horizontalSpacing={6}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Round</Table.Th>
                <Table.Th>Received</Table.Th>
                <Table.Th ta="right">Norm</Table.Th>
                <Table.Th ta="right">Weight</Table.Th>
                <Table.Th ta="right">In model</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {contributions.map(({ roundNumber, receipt }) => (
                <Table.Tr key={roundNumber}>
                  <Table.Td>{roundNumber}</Table.Td>
                  <Table.Td>{formatTime(receipt.receivedAt)}</Table.Td>
                  <Table.Td ta="right">{receipt.norm.toPrecision(3)}</Table.Td>
                  <Table.Td ta="right">{receipt.weight.toLocaleString('en')}</Table.Td>
                  <Table.Td ta="right">{versionOf.get(roundNumber) ?? '–'}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </ScrollArea.Autosize>
      </Stack>
    </Card>
  )
}
