import { Badge, Button, Code, Group, ScrollArea, Stack, Table, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useQuarantine } from '../../api/queries.ts'
import { outOfLine, type InspectedUpdateView } from '../../api/types.ts'
import { formatNumber } from '../../components/format.ts'

/** A round's updates, the most suspicious first; of each device whether it is in quarantine, and the way in and out. */
export function InspectedUpdates({ updates }: { readonly updates: readonly InspectedUpdateView[] }) {
  const [chosen, setChosen] = useState<InspectedUpdateView | null>(null)
  return (
    <Stack gap="sm">
      {chosen !== null && <Decide key={chosen.deviceId} update={chosen} onDone={() => setChosen(null)} />}
      <ScrollArea type="auto" offsetScrollbars>
        <Table fz="sm" striped aria-label="Updates, the most suspicious first" miw={620}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Device</Table.Th>
              <Table.Th ta="right">Suspicion</Table.Th>
              <Table.Th ta="right">Weight</Table.Th>
              <Table.Th ta="right">Norm</Table.Th>
              <Table.Th ta="right">Cosine</Table.Th>
              <Table.Th ta="right">Rank</Table.Th>
              <Table.Th>Verdict</Table.Th>
              <Table.Th />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {updates.map((update) => (
              <Table.Tr key={update.deviceId}>
                <Table.Td>
                  <Code>{update.deviceId.slice(0, 10)}…</Code>
                </Table.Td>
                <Table.Td ta="right" fw={(update.suspicion ?? 0) > outOfLine ? 700 : undefined}>
                  {update.suspicion?.toFixed(1) ?? '–'}
                </Table.Td>
                <Table.Td ta="right">{update.weight}</Table.Td>
                <Table.Td ta="right">{formatNumber(update.norm)}</Table.Td>
                <Table.Td ta="right">{update.cosine === null ? '–' : update.cosine.toFixed(3)}</Table.Td>
                <Table.Td ta="right">{update.distanceRank ?? '–'}</Table.Td>
                <Table.Td>
                  <Badge size="sm" variant="light" color={update.verdict === 'accepted' ? 'teal' : 'red'}>
                    {update.verdict}
                  </Badge>
                </Table.Td>
                <Table.Td ta="right">
                  <Button size="compact-xs" variant="subtle" color="gray" onClick={() => setChosen(update)}>
                    {update.isQuarantined ? 'Release' : 'Quarantine'}
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollArea>
      <Text size="xs" c="dimmed">
        Suspicion: how many robust standard deviations norm, cosine or distance are out of the round’s line, whichever
        is most; over {outOfLine} is out of line. Rank 1 is the nearest to what the round came to.
      </Text>
    </Stack>
  )
}

function Decide({ update, onDone }: { readonly update: InspectedUpdateView; readonly onDone: () => void }) {
  const verb = update.isQuarantined ? 'release' : 'quarantine'
  const change = useQuarantine(update.deviceId, verb)
  const [reason, setReason] = useState('')
  return (
    <Stack gap="xs" role="group" aria-label={`${verb} ${update.deviceId}`}>
      <Text size="sm">
        {update.isQuarantined
          ? 'It may be asked again.'
          : 'It stays joined, is not asked, and nothing that it sends counts until it is released.'}
      </Text>
      <TextInput
        label="Reason"
        description="Kept in the audit trail."
        maxLength={500}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        error={change.error?.message}
      />
      <Group gap="xs" justify="flex-end">
        <Button variant="default" onClick={onDone}>
          Cancel
        </Button>
        <Button
          disabled={reason.trim() === ''}
          loading={change.isPending}
          onClick={() => change.mutate({ reason: reason.trim() }, { onSuccess: onDone })}
        >
          {update.isQuarantined ? 'Release' : 'Quarantine'}
        </Button>
      </Group>
    </Stack>
  )
}
