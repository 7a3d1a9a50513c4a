import { Alert, Anchor, Badge, Button, Progress, Stack, Table, Text, Title } from '@mantine/core'
import { IconScale } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { Link } from 'react-router'
import { judgementsQuery, refreshTask, useJudge } from '../../api/queries.ts'
import type { JudgementView, JudgingView, VersionView } from '../../api/types.ts'
import { formatTime } from '../../components/format.ts'
import { judgementColors, sayVerdict, verdictColors } from '../../components/outcome-colors.ts'
import { reportAddress } from './report/report-address.ts'

interface JudgeAgainProps {
  readonly version: VersionView
  readonly isChampion: boolean
  readonly canAct: boolean
}

/** Judged, and neither promoted nor rejected: more data may tell. */
const isHeld = ({ status, evaluation }: VersionView): boolean =>
  status === 'held' || (status === 'candidate' && evaluation !== null)

/** Has a held version judged once more, says how far it is and what came of it; and lists what was found before. */
export function JudgeAgain({ version: view, isChampion, canAct }: JudgeAgainProps) {
  const { taskId, version } = view
  const { data } = useQuery(judgementsQuery(taskId, version))
  const judge = useJudge(taskId, version)
  const client = useQueryClient()
  /** The newest judgement when the button was pressed. */
  const [before, setBefore] = useState<number | null>(null)
  const newest = data?.judgements[0]
  const newestId = newest?.id
  useEffect(() => {
    // The version, its pointers and its report follow from it.
    if (newestId === undefined) return
    refreshTask(client, taskId)
    for (const kind of ['version', 'report']) void client.invalidateQueries({ queryKey: [kind, taskId, version] })
  }, [client, taskId, version, newestId])
  if (data === undefined) return null
  const { judgements, judging } = data
  const isJudging = judge.isPending || (judging !== null && judging.failure === undefined)
  const came = before !== null && newest !== undefined && newest.id !== before && !isJudging ? newest : undefined
  const failure = judge.error?.message ?? (before === null ? undefined : judging?.failure?.detail)
  const mayJudge = canAct && isHeld(view) && !isChampion && !isJudging
  return (
    <Stack gap="xs">
      {mayJudge && (
        <>
          <Button
            variant="default"
            leftSection={<IconScale size={16} aria-hidden />}
            onClick={() => {
              setBefore(newest?.id ?? 0)
              judge.mutate()
            }}
          >
            Judge again
          </Button>
          <Text size="xs" c="dimmed">
            By the task’s sets of now, against the champion of now. It is one more look at the gate set; what passes is
            promoted.
          </Text>
        </>
      )}
      {isJudging && <HowFar judging={judging} />}
      {failure !== undefined && !isJudging && (
        <Alert color="red" role="alert" title="It was not judged">
          {failure}
        </Alert>
      )}
      {came !== undefined && (
        <Alert color={judgementColors[came.outcome]} role="status" title={`Judged again: ${sayOutcome[came.outcome]}`}>
          {came.reason}
        </Alert>
      )}
      {judgements.length > 1 && <Judgements judgements={judgements} />}
    </Stack>
  )
}

const sayOutcome: Record<JudgementView['outcome'], string> = {
  promoted: 'it is served now',
  waiting: 'it passed, and waits for a second person',
  held: 'it is held still',
  rejected: 'it is rejected',
}

function HowFar({ judging }: { readonly judging: JudgingView | null }) {
  const { check = null, numDone = 0, numChecks = 0 } = judging ?? {}
  const said = check === null ? 'Reading the sets…' : `Check ${numDone + 1} of ${numChecks}: ${check}`
  return (
    <Stack gap={4} role="status">
      <Text size="sm">{said}</Text>
      <Progress
        value={numChecks === 0 ? 0 : (100 * numDone) / numChecks}
        animated
        aria-label="How much of it is judged"
      />
    </Stack>
  )
}

/** Every judgement there was, newest first, each with its report. */
function Judgements({ judgements }: { readonly judgements: readonly JudgementView[] }) {
  return (
    <>
      <Title order={3} size="h5">
        Every judgement
      </Title>
      <Table fz="sm" aria-label="Judgements, newest first">
        <Table.Tbody>
          {judgements.map(({ id, taskId, version, at, actor, verdict, outcome }) => (
            <Table.Tr key={id}>
              <Table.Td>
                <Anchor component={Link} to={reportAddress({ taskId, version, judgement: id })} size="sm">
                  {formatTime(at)}
                </Anchor>
                <Text size="xs" c="dimmed">
                  {actor === 'gate' ? 'after its round' : `asked for by ${actor ?? 'an administrator'}`}
                </Text>
              </Table.Td>
              <Table.Td>
                <Badge variant="light" color={verdictColors[verdict]}>
                  {sayVerdict[verdict]}
                </Badge>
              </Table.Td>
              <Table.Td>{outcome}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </>
  )
}
