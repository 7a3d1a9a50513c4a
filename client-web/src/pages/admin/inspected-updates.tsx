import {
  Badge,
  Box,
  Button,
  Card,
  Code,
  Group,
  ScrollArea,
  Stack,
  Table,
  Text,
  TextInput,
  VisuallyHidden,
} from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import type { DeviceId } from '@panal/client-core'
import { Fragment, useEffect, useRef, useState } from 'react'
import { useQuarantine } from '../../api/queries.ts'
import { outOfLine, type InspectedUpdateView } from '../../api/types.ts'
import { formatNumber } from '../../components/format.ts'

const label = 'Updates, the most suspicious first'

/** A round's updates, the most suspicious first; of each device whether it is in quarantine, and the way in and out. */
export function InspectedUpdates({ updates }: { readonly updates: readonly InspectedUpdateView[] }) {
  const [chosen, setChosen] = useState<DeviceId | null>(null)
  const opener = useRef<HTMLButtonElement>(null)
  const isPhone = useMediaQuery('(max-width: 48em)')
  const List = isPhone ? UpdateCards : UpdateRows
  const onChoose = (deviceId: DeviceId, button: HTMLButtonElement) => {
    opener.current = button
    setChosen(deviceId)
  }
  const onDone = () => {
    setChosen(null)
    opener.current?.focus()
  }
  return (
    <Stack gap="sm">
      <List updates={updates} chosen={chosen} onChoose={onChoose} onDone={onDone} />
      <Text size="xs" c="dimmed">
        Suspicion: how many robust standard deviations norm, cosine or distance are out of the round’s line, whichever
        is most; over {outOfLine} is out of line. Rank 1 is the nearest to what the round came to.
      </Text>
    </Stack>
  )
}

interface ListProps {
  readonly updates: readonly InspectedUpdateView[]
  /** Whose reason is asked for, beside its button. */
  readonly chosen: DeviceId | null
  readonly onChoose: (deviceId: DeviceId, button: HTMLButtonElement) => void
  readonly onDone: () => void
}

function UpdateRows({ updates, ...choice }: ListProps) {
  return (
    <ScrollArea type="auto" offsetScrollbars>
      <Table fz="sm" striped aria-label={label} miw={620}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Device</Table.Th>
            <Table.Th ta="right">Suspicion</Table.Th>
            <Table.Th ta="right">Weight</Table.Th>
            <Table.Th ta="right">Norm</Table.Th>
            <Table.Th ta="right">Cosine</Table.Th>
            <Table.Th ta="right">Rank</Table.Th>
            <Table.Th>Verdict</Table.Th>
            <Table.Th>
              <VisuallyHidden>Actions</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {updates.map((update) => (
            <Fragment key={update.deviceId}>
              <Table.Tr>
                <Table.Td>
                  <DeviceName update={update} />
                </Table.Td>
                <Table.Td ta="right" fw={isOutOfLine(update) ? 700 : undefined}>
                  {suspicionOf(update)}
                </Table.Td>
                <Table.Td ta="right">{update.weight}</Table.Td>
                <Table.Td ta="right">{formatNumber(update.norm)}</Table.Td>
                <Table.Td ta="right">{cosineOf(update)}</Table.Td>
                <Table.Td ta="right">{update.distanceRank ?? '–'}</Table.Td>
                <Table.Td>
                  <Verdict update={update} />
                </Table.Td>
                <Table.Td ta="right">
                  <Choose update={update} {...choice} />
                </Table.Td>
              </Table.Tr>
              {choice.chosen === update.deviceId && (
                <Table.Tr>
                  <Table.Td colSpan={8}>
                    <Decide update={update} onDone={choice.onDone} />
                  </Table.Td>
                </Table.Tr>
              )}
            </Fragment>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea>
  )
}

/** On a phone, where a table would hide its verdicts and buttons beyond the edge. */
function UpdateCards({ updates, ...choice }: ListProps) {
  return (
    <Stack gap="xs" component="ul" aria-label={label} p={0} m={0} style={{ listStyle: 'none' }}>
      {updates.map((update) => (
        <Card key={update.deviceId} withBorder padding="xs" component="li">
          <Group justify="space-between" gap="xs">
            <Text size="sm" fw={isOutOfLine(update) ? 700 : undefined}>
              suspicion {suspicionOf(update)}
            </Text>
            <Verdict update={update} />
          </Group>
          <DeviceName update={update} />
          <Group justify="space-between" gap="xs" mt={6} wrap="nowrap">
            <Text size="xs" c="dimmed">
              weight {update.weight}, norm {formatNumber(update.norm)}, cosine {cosineOf(update)}, rank{' '}
              {update.distanceRank ?? '–'}
            </Text>
            <Choose update={update} {...choice} />
          </Group>
          {choice.chosen === update.deviceId && (
            <Box mt="xs">
              <Decide update={update} onDone={choice.onDone} />
            </Box>
          )}
        </Card>
      ))}
    </Stack>
  )
}

interface UpdateProps {
  readonly update: InspectedUpdateView
}

/** Whole, for it is what the command line asks for. */
function DeviceName({ update }: UpdateProps) {
  return <Code style={{ overflowWrap: 'anywhere' }}>{update.deviceId}</Code>
}

function Verdict({ update: { verdict } }: UpdateProps) {
  return (
    <Badge size="sm" variant="light" color={verdict === 'accepted' ? 'teal' : 'red'}>
      {verdict}
    </Badge>
  )
}

function Choose({ update, chosen, onChoose }: UpdateProps & Pick<ListProps, 'chosen' | 'onChoose'>) {
  return (
    <Button
      size="compact-xs"
      variant="subtle"
      color="gray"
      flex="none"
      aria-expanded={chosen === update.deviceId}
      onClick={(event) => onChoose(update.deviceId, event.currentTarget)}
    >
      {update.isQuarantined ? 'Release' : 'Quarantine'}
    </Button>
  )
}

const isOutOfLine = ({ suspicion }: InspectedUpdateView): boolean => (suspicion ?? 0) > outOfLine
const suspicionOf = ({ suspicion }: InspectedUpdateView): string => suspicion?.toFixed(1) ?? '–'
const cosineOf = ({ cosine }: InspectedUpdateView): string => cosine?.toFixed(3) ?? '–'

/** Takes the focus, and with it comes into sight. */
function Decide({ update, onDone }: { readonly update: InspectedUpdateView; readonly onDone: () => void }) {
  const verb = update.isQuarantined ? 'release' : 'quarantine'
  const change = useQuarantine(update.deviceId, verb)
  const [reason, setReason] = useState('')
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => input.current?.focus(), [])
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
        ref={input}
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
