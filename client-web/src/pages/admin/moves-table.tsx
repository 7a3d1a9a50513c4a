import { ScrollArea, Skeleton, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { movesQuery } from '../../api/queries.ts'
import { formatTime } from '../../components/format.ts'

/** Every move of head, champion and anchor: by whom, and why. */
export function MovesTable({ taskId }: { readonly taskId: string }) {
  const { data: moves } = useQuery(movesQuery(taskId))
  if (moves === undefined) return <Skeleton height={160} />
  if (moves.length === 0)
    return (
      <Text size="sm" c="dimmed">
        No pointer has moved yet.
      </Text>
    )
  return (
    <ScrollArea type="auto">
      <Table fz="sm" striped aria-label="Moves of the pointers" miw={620}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>When</Table.Th>
            <Table.Th>Pointer</Table.Th>
            <Table.Th>From → to</Table.Th>
            <Table.Th>By</Table.Th>
            <Table.Th>Reason</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {moves.map(({ id, at, pointer, from, to, actor, reason }) => (
            <Table.Tr key={id}>
              <Table.Td>{formatTime(at)}</Table.Td>
              <Table.Td>{pointer}</Table.Td>
              <Table.Td>
                {from ?? '–'} → {to}
              </Table.Td>
              <Table.Td>{actor ?? 'somebody'}</Table.Td>
              <Table.Td>{reason}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea>
  )
}
