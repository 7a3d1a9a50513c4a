import { Badge, Box, Button, Card, Code, Group, ScrollArea, Stack, Table, Text, VisuallyHidden } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { Fragment } from 'react'
import { outOfLine, type InspectedUpdateView } from '../../api/types.ts'
import { formatNumber } from '../../components/format.ts'
import { Decide, useDeciding, verbNames, type Deciding } from './decide-quarantine.tsx'

const label = 'Updates, the most suspicious first'

/** A round's updates, the most suspicious first; of each device whether it is in quarantine, and the way in and out. */
export function InspectedUpdates({ updates }: { readonly updates: readonly InspectedUpdateView[] }) {
  const deciding = useDeciding()
  const isPhone = useMediaQuery('(max-width: 48em)')
  const isTold = updates.some(({ suspicion }) => suspicion !== null)
  const List = isPhone ? UpdateCards : UpdateRows
  return (
    <Stack gap="sm">
      <List updates={updates} deciding={deciding} />
      <Text size="xs" c="dimmed">
        Suspicion: how many robust standard deviations norm, cosine or distance are out of the round’s line, whichever
        is most; over {outOfLine} is out of line. {isTold ? littleData : tooFew} Rank 1 is the nearest to what the round
        came to.
      </Text>
    </Stack>
  )
}

const littleData = 'A device with little data sends a short update, and may be out of line for that alone.'
const tooFew = 'It takes four counted updates to tell.'

interface ListProps {
  readonly updates: readonly InspectedUpdateView[]
  readonly deciding: Deciding
}

function UpdateRows({ updates, deciding }: ListProps) {
  return (
    <ScrollArea type="auto" offsetScrollbars>
      <Table fz="sm" aria-label={label} miw={720} horizontalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Device</Table.Th>
            <Table.Th ta="right">Suspicion</Table.Th>
            <Table.Th ta="right">Weight</Table.Th>
            <Table.Th ta="right">Norm</Table.Th>
            <Table.Th ta="right">Cosine</Table.Th>
            <Table.Th ta="right">Distance</Table.Th>
            <Table.Th ta="right">Rank</Table.Th>
            <Table.Th>Verdict</Table.Th>
            <Table.Th>
              <VisuallyHidden>Actions</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {updates.map((update, index) => (
            <Fragment key={update.deviceId}>
              <Table.Tr bg={stripe(index)}>
                <Table.Td maw={130}>
                  <DeviceName update={update} />
                </Table.Td>
                <Table.Td ta="right" fw={isOutOfLine(update) ? 700 : undefined}>
                  {suspicionOf(update)}
                </Table.Td>
                <Table.Td ta="right">{update.weight}</Table.Td>
                <Table.Td ta="right">{formatNumber(update.norm)}</Table.Td>
                <Table.Td ta="right">{cosineOf(update)}</Table.Td>
                <Table.Td ta="right">{distanceOf(update)}</Table.Td>
                <Table.Td ta="right">{update.distanceRank ?? '–'}</Table.Td>
                <Table.Td>
                  <Verdict update={update} />
                </Table.Td>
                <Table.Td ta="right">
                  <Choose update={update} deciding={deciding} />
                </Table.Td>
              </Table.Tr>
              {deciding.move?.deviceId === update.deviceId && (
                <Table.Tr bg={stripe(index)}>
                  <Table.Td colSpan={9}>
                    <Decide isQuarantined={update.isQuarantined} deciding={deciding} move={deciding.move} />
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
function UpdateCards({ updates, deciding }: ListProps) {
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
              weight {update.weight}, norm {formatNumber(update.norm)}, cosine {cosineOf(update)}, distance{' '}
              {distanceOf(update)}, rank {update.distanceRank ?? '–'}
            </Text>
            <Choose update={update} deciding={deciding} />
          </Group>
          {deciding.move?.deviceId === update.deviceId && (
            <Box mt="xs">
              <Decide isQuarantined={update.isQuarantined} deciding={deciding} move={deciding.move} />
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

/** On one line. What is cut off is still there to be copied, for the command line asks for all of it. */
function DeviceName({ update: { deviceId } }: UpdateProps) {
  return (
    <Text component="div" truncate title={deviceId} lh={1.3}>
      <Code>{deviceId}</Code>
    </Text>
  )
}

function Verdict({ update: { verdict, isQuarantined } }: UpdateProps) {
  return (
    <Group gap={4}>
      <Badge size="sm" variant="light" color={verdict === 'accepted' ? 'teal' : 'red'}>
        {verdict}
      </Badge>
      {isQuarantined && (
        <Badge size="sm" variant="light" color="gray">
          in quarantine
        </Badge>
      )}
    </Group>
  )
}

/** Opens the form below it, and closes it. While it is open both say what it was opened for. */
function Choose({ update: { deviceId, isQuarantined }, deciding }: UpdateProps & Pick<ListProps, 'deciding'>) {
  const move = { deviceId, verb: isQuarantined ? 'release' : 'quarantine' } as const
  const open = deciding.move?.deviceId === deviceId ? deciding.move : undefined
  return (
    <Button
      size="compact-xs"
      variant="subtle"
      color="gray"
      flex="none"
      aria-label={`${verbNames[(open ?? move).verb]} ${deviceId}`}
      aria-expanded={open !== undefined}
      ref={open && deciding.opener}
      onClick={({ currentTarget }) => {
        currentTarget.focus() // Safari gives it to no button that is clicked
        if (open === undefined) deciding.open(move)
        else deciding.close()
      }}
    >
      {verbNames[(open ?? move).verb]}
    </Button>
  )
}

/** By a row's place: what opens between two of them is no row of its own. */
const stripe = (index: number) => (index % 2 === 0 ? 'var(--table-striped-color)' : 'transparent')
const isOutOfLine = ({ suspicion }: InspectedUpdateView): boolean => (suspicion ?? 0) > outOfLine
const suspicionOf = ({ suspicion }: InspectedUpdateView): string => suspicion?.toFixed(1) ?? '–'
const distanceOf = ({ distance }: InspectedUpdateView): string => (distance === null ? '–' : formatNumber(distance))
const cosineOf = ({ cosine }: InspectedUpdateView): string => cosine?.toFixed(3) ?? '–'
