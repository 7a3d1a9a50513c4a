import {
  Alert,
  Badge,
  Button,
  Code,
  CopyButton,
  Drawer,
  Group,
  Stack,
  Table,
  Text,
  Title,
  UnstyledButton,
} from '@mantine/core'
import { checkName, sayCalibrator, type GateReport, type Pointers } from '@panal/client-core'
import { Link } from 'react-router'
import type { VersionView } from '../../api/types.ts'
import { formatBytes, formatDuration, formatTime } from '../../components/format.ts'
import { sayVerdict, statusColors, verdictColors } from '../../components/outcome-colors.ts'
import { JudgeAgain } from './judge-again.tsx'
import { PointerBadges } from './pointer-badges.tsx'
import { reportAddress } from './report/report-address.ts'

interface VersionDrawerProps {
  readonly version: VersionView | null
  readonly pointers: Pointers
  readonly canAct: boolean
  readonly onClose: () => void
}

/** How the gate judged one version, and where it comes from. */
export function VersionDrawer({ version, pointers, canAct, onClose }: VersionDrawerProps) {
  return (
    <Drawer
      opened={version !== null}
      onClose={onClose}
      position="right"
      size="lg"
      title={version === null ? '' : `Model ${version.version}`}
    >
      {version !== null && (
        <Stack>
          <Group gap="xs">
            <Badge variant="light" color={statusColors[version.status]}>
              {version.status}
            </Badge>
            <PointerBadges version={version.version} pointers={pointers} />
          </Group>
          {version.evaluation === null ? (
            <Text size="sm" c="dimmed">
              {version.status === 'initial' ? 'The initial weights are not judged.' : 'It has not been judged yet.'}
            </Text>
          ) : (
            <Report version={version} report={version.evaluation} />
          )}
          {version.evaluation !== null && (
            <JudgeAgain
              key={version.version}
              version={version}
              isChampion={version.version === pointers.champion}
              canAct={canAct}
            />
          )}
          <Lineage version={version} />
        </Stack>
      )}
    </Drawer>
  )
}

/** The verdict and each check in a line; all the rest is on the report's own page. */
function Report({ version, report }: { readonly version: VersionView; readonly report: GateReport }) {
  return (
    <Stack gap="sm">
      <Alert
        color={verdictColors[report.verdict]}
        variant="light"
        title={`Gate: ${sayVerdict[report.verdict]}${report.sound ? '' : ' – not sound, so it is no base for training either'}`}
      >
        {report.reason}
      </Alert>
      <Button component={Link} to={reportAddress({ taskId: version.taskId, version: version.version })} variant="light">
        Open the full report
      </Button>
      <Table fz="sm" aria-label="Checks">
        <Table.Tbody>
          {report.checks.map(({ verdict, reason, ...check }, index) => (
            <Table.Tr key={`${index} ${check.check}`}>
              <Table.Td valign="top">
                <Badge variant="light" color={verdictColors[verdict]}>
                  {sayVerdict[verdict]}
                </Badge>
              </Table.Td>
              <Table.Td>
                <Text size="sm" fw={600}>
                  {checkName(check)}
                </Text>
                <Text size="sm" c="dimmed">
                  {reason}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Text size="xs" c="dimmed">
        Judged {formatTime(report.judgedAt)} in {formatDuration(report.durationMs)}, against champion{' '}
        {report.champion ?? '–'} and anchor {report.anchor ?? '–'}.
      </Text>
    </Stack>
  )
}

function Lineage({ version }: { readonly version: VersionView }) {
  const facts: [string, string][] = [
    ['Parent', version.parent === null ? 'none: these are the initial weights' : `model ${version.parent}`],
    ['Round', version.roundNumber === null ? 'none' : String(version.roundNumber)],
    ['Devices', String(version.numParticipants)],
    ['Size', formatBytes(version.numBytes)],
    ['Created', formatTime(version.createdAt)],
    ['Code', version.codeVersion],
    ...(version.calibrator === null
      ? []
      : ([['Calibration', sayCalibrator(version.calibrator)]] satisfies [string, string][])),
  ]
  const hashes: [string, string][] = [
    ['Weights', version.weightsSha256],
    ...(version.servedSha256 === null ? [] : ([['Served weights', version.servedSha256]] satisfies [string, string][])),
    ['Updates', version.dataDigest],
    ['Plan', version.planHash],
    ...(version.evaluation === null
      ? []
      : ([
          ['Evaluation set', version.evaluation.datasetDigests.evaluation],
          ['Gate set', version.evaluation.datasetDigests.gate],
        ] satisfies [string, string][])),
  ]
  return (
    <Stack gap={4}>
      <Title order={3} size="h5">
        Where it comes from
      </Title>
      <Table fz="sm" variant="vertical" layout="fixed" aria-label="Lineage">
        <Table.Tbody>
          {facts.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th w={120}>{name}</Table.Th>
              <Table.Td>{value}</Table.Td>
            </Table.Tr>
          ))}
          {hashes.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th w={120}>{name}</Table.Th>
              <Table.Td>
                <Hash value={value} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Stack>
  )
}

function Hash({ value }: { readonly value: string }) {
  return (
    <CopyButton value={value}>
      {({ copied, copy }) => (
        <UnstyledButton onClick={copy} aria-label={`Copy ${value}`} title={value}>
          <Code>{value.slice(0, 16)}…</Code>
          <Text span size="xs" c="dimmed" ml={6}>
            {copied ? 'copied' : 'copy'}
          </Text>
        </UnstyledButton>
      )}
    </CopyButton>
  )
}
