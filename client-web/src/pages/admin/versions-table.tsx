import {
  Anchor,
  Badge,
  Button,
  Card,
  Group,
  ScrollArea,
  Skeleton,
  Stack,
  Table,
  Text,
  VisuallyHidden,
} from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { IconArrowBackUp } from '@tabler/icons-react'
import type { Pointers } from '@panal/client-core'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { versionsQuery } from '../../api/queries.ts'
import type { VersionView } from '../../api/types.ts'
import { formatPercent, formatTime } from '../../components/format.ts'
import { statusColors } from '../../components/outcome-colors.ts'
import { MoveDialog, type Move } from './move-dialog.tsx'
import { PointerBadges } from './pointer-badges.tsx'
import { VersionDrawer } from './version-drawer.tsx'

interface VersionsTableProps {
  readonly taskId: string
  readonly pointers: Pointers
  readonly canAct: boolean
}

/** A version that failed an integrity check, or has not been judged, is never served. */
const isPromotable = ({ status, version }: VersionView, { champion }: Pointers): boolean =>
  status !== 'unsound' && status !== 'candidate' && version !== champion

const label = 'Versions, newest first'

/** Versions with their pointers; a click shows how the gate judged one. */
export function VersionsTable({ taskId, pointers, canAct }: VersionsTableProps) {
  const { data: versions } = useQuery(versionsQuery(taskId))
  const [shown, setShown] = useState<number | null>(null)
  const [move, setMove] = useState<Move | null>(null)
  const isPhone = useMediaQuery('(max-width: 48em)')
  const List = isPhone ? VersionCards : VersionRows
  if (versions === undefined) return <Skeleton height={200} />
  return (
    <Stack gap="sm">
      {canAct && pointers.champion !== null && (
        <Button
          variant="default"
          leftSection={<IconArrowBackUp size={16} />}
          style={{ alignSelf: 'flex-start' }}
          onClick={() => setMove({ kind: 'roll-back' })}
        >
          Roll back to the champion before
        </Button>
      )}
      <List versions={versions} pointers={pointers} onShow={setShown}>
        {(version) => (
          <Group gap="xs" wrap="nowrap" justify="flex-end">
            <Button size="compact-xs" variant="subtle" color="gray" onClick={() => setShown(version.version)}>
              Details
            </Button>
            {canAct && isPromotable(version, pointers) && (
              <Button size="compact-xs" variant="light" onClick={() => setMove({ kind: 'promote', version })}>
                Promote
              </Button>
            )}
          </Group>
        )}
      </List>
      <VersionDrawer
        version={versions.find(({ version }) => version === shown) ?? null}
        pointers={pointers}
        canAct={canAct}
        onClose={() => setShown(null)}
      />
      {move !== null && <MoveDialog taskId={taskId} move={move} pointers={pointers} onClose={() => setMove(null)} />}
    </Stack>
  )
}

interface ListProps {
  readonly versions: readonly VersionView[]
  readonly pointers: Pointers
  readonly onShow: (version: number) => void
  /** What can be done with a version. */
  readonly children: (version: VersionView) => ReactNode
}

function VersionRows({ versions, pointers, onShow, children }: ListProps) {
  return (
    <ScrollArea type="auto">
      <Table fz="sm" striped highlightOnHover aria-label={label} miw={700}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Version</Table.Th>
            <Table.Th>Status</Table.Th>
            <Table.Th ta="right">Accuracy</Table.Th>
            <Table.Th ta="right">Devices</Table.Th>
            <Table.Th>Created</Table.Th>
            <Table.Th>
              <VisuallyHidden>Actions</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {versions.map((version) => (
            <Table.Tr key={version.version}>
              <Table.Td>
                <VersionName version={version} pointers={pointers} onShow={onShow} />
              </Table.Td>
              <Table.Td>
                <Status version={version} />
              </Table.Td>
              <Table.Td ta="right">{accuracyOf(version)}</Table.Td>
              <Table.Td ta="right">{version.numParticipants}</Table.Td>
              <Table.Td>{formatTime(version.createdAt)}</Table.Td>
              <Table.Td>{children(version)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea>
  )
}

/** On a phone, where a table would hide its buttons beyond the edge. */
function VersionCards({ versions, pointers, onShow, children }: ListProps) {
  return (
    <Stack gap="xs" component="ul" aria-label={label} p={0} m={0} style={{ listStyle: 'none' }}>
      {versions.map((version) => (
        <Card key={version.version} withBorder padding="xs" component="li">
          <Group justify="space-between" gap="xs">
            <VersionName version={version} pointers={pointers} onShow={onShow} />
            <Status version={version} />
          </Group>
          <Group justify="space-between" gap="xs" mt={6}>
            <Text size="xs" c="dimmed">
              accuracy {accuracyOf(version)}, {version.numParticipants} devices, {formatTime(version.createdAt)}
            </Text>
            {children(version)}
          </Group>
        </Card>
      ))}
    </Stack>
  )
}

interface VersionProps {
  readonly version: VersionView
}

function VersionName({
  version: { version },
  pointers,
  onShow,
}: VersionProps & Pick<ListProps, 'pointers' | 'onShow'>) {
  return (
    <Group gap={6} wrap="nowrap">
      <Anchor component="button" type="button" fw={600} onClick={() => onShow(version)}>
        {version}
      </Anchor>
      <PointerBadges version={version} pointers={pointers} />
    </Group>
  )
}

function Status({ version: { status } }: VersionProps) {
  return (
    <Badge size="sm" variant="light" color={statusColors[status]}>
      {status}
    </Badge>
  )
}

const accuracyOf = ({ evaluation }: VersionView): string =>
  evaluation?.evaluation ? formatPercent(evaluation.evaluation.accuracy, 2) : '–'
