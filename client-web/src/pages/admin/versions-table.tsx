import { Anchor, Badge, Button, Group, ScrollArea, Skeleton, Stack, Table, VisuallyHidden } from '@mantine/core'
import { IconArrowBackUp } from '@tabler/icons-react'
import type { Pointers } from '@panal/client-core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
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

/** Versions with their pointers; a click shows how the gate judged one. */
export function VersionsTable({ taskId, pointers, canAct }: VersionsTableProps) {
  const { data: versions } = useQuery(versionsQuery(taskId))
  const [shown, setShown] = useState<number | null>(null)
  const [move, setMove] = useState<Move | null>(null)
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
      <ScrollArea type="auto">
        <Table fz="sm" striped highlightOnHover aria-label="Versions, newest first" miw={700}>
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
                  <Group gap={6} wrap="nowrap">
                    <Anchor component="button" type="button" fw={600} onClick={() => setShown(version.version)}>
                      {version.version}
                    </Anchor>
                    <PointerBadges version={version.version} pointers={pointers} />
                  </Group>
                </Table.Td>
                <Table.Td>
                  <Badge size="sm" variant="light" color={statusColors[version.status]}>
                    {version.status}
                  </Badge>
                </Table.Td>
                <Table.Td ta="right">{accuracyOf(version)}</Table.Td>
                <Table.Td ta="right">{version.numParticipants}</Table.Td>
                <Table.Td>{formatTime(version.createdAt)}</Table.Td>
                <Table.Td>
                  <Group gap="xs" wrap="nowrap" justify="flex-end">
                    <Button size="compact-xs" variant="subtle" color="gray" onClick={() => setShown(version.version)}>
                      Details
                    </Button>
                    {canAct && isPromotable(version, pointers) && (
                      <Button
                        size="compact-xs"
                        variant="light"
                        onClick={() => setMove({ kind: 'promote', version: version.version })}
                      >
                        Promote
                      </Button>
                    )}
                  </Group>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollArea>
      <VersionDrawer
        version={versions.find(({ version }) => version === shown) ?? null}
        pointers={pointers}
        onClose={() => setShown(null)}
      />
      {move !== null && <MoveDialog taskId={taskId} move={move} pointers={pointers} onClose={() => setMove(null)} />}
    </Stack>
  )
}

const accuracyOf = ({ evaluation }: VersionView): string =>
  evaluation?.evaluation ? formatPercent(evaluation.evaluation.accuracy, 2) : '–'
