import { Alert, Anchor, Button, Group, Stack, Text } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { IconArrowLeft, IconDownload, IconPrinter } from '@tabler/icons-react'
import { h, reportBody, reportStyles, type GateReport, type MarkupElement, type SampleQuery } from '@panal/client-core'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Link, useParams, useSearchParams } from 'react-router'
import { reportPath, reportQuery, sessionQuery, versionQuery } from '../../../api/queries.ts'
import type { JudgedVersion, ReportView } from '../../../api/types.ts'
import { MarkupView } from '../../../components/markup-view.tsx'
import { PageSkeleton } from '../../../components/page-skeleton.tsx'
import { NotFoundPage } from '../../not-found.tsx'
import { Examples } from './examples.tsx'
import { judgementIn, reportAddress } from './report-address.ts'

/** Everything that the gate found of one version: `/admin/<task>/versions/<n>`; `?judgement=<id>` for an earlier time. */
export default function ReportPage() {
  const { taskId = '', version = '' } = useParams()
  const [search] = useSearchParams()
  if (!/^\d{1,9}$/.test(version)) return <NotFoundPage />
  return <Report taskId={taskId} version={Number(version)} judgement={judgementIn(search)} />
}

function Report(judged: JudgedVersion) {
  const { taskId, version, judgement } = judged
  const { data: view, error } = useQuery(versionQuery(taskId, version))
  // A version without a report has none to ask for.
  const { data: found, error: notFound } = useQuery({
    ...reportQuery(judged),
    enabled: view !== undefined && view.evaluation !== null,
  })
  useDocumentTitle(`Model ${version} of ${taskId} · Panal`)
  const problem = view === undefined ? error : found === undefined ? notFound : null
  if (problem !== null)
    return (
      <Alert color="red" title="This report could not be read">
        {problem.message}
      </Alert>
    )
  if (view === undefined || (view.evaluation !== null && found === undefined)) return <PageSkeleton />
  return (
    <Stack>
      <Group justify="space-between" className="on-screen">
        <Anchor component={Link} to={`/admin/${taskId}`}>
          <Group gap={4}>
            <IconArrowLeft size={16} aria-hidden /> All versions
          </Group>
        </Anchor>
        {found !== undefined && <SaveButtons {...judged} />}
      </Group>
      {judgement !== undefined && (
        <Text size="sm" c="dimmed">
          One of several judgements of this version.{' '}
          <Anchor component={Link} to={reportAddress({ taskId, version })} size="sm" className="on-screen">
            Show the newest
          </Anchor>
        </Text>
      )}
      {view.evaluation === null || found === undefined ? (
        <Text>{view.status === 'initial' ? 'The initial weights are not judged.' : 'It has not been judged yet.'}</Text>
      ) : (
        <Body judged={judged} report={judgement === undefined ? view.evaluation : found.report} found={found} />
      )}
    </Stack>
  )
}

function SaveButtons(judged: JudgedVersion) {
  const { data: session } = useQuery(sessionQuery)
  const icon = <IconDownload size={16} aria-hidden />
  return (
    <Group gap="xs">
      <Button variant="default" size="compact-sm" leftSection={<IconPrinter size={16} aria-hidden />} onClick={print}>
        Print
      </Button>
      {session?.signedIn === true && (
        <Button
          component="a"
          href={reportPath(judged, 'report.html')}
          download
          variant="default"
          size="compact-sm"
          leftSection={icon}
        >
          Save as a file
        </Button>
      )}
      <Button
        component="a"
        href={reportPath(judged, 'report.json')}
        download
        variant="default"
        size="compact-sm"
        leftSection={icon}
      >
        Signed JSON
      </Button>
    </Group>
  )
}

const print = () => window.print()

/** Stands in the report's markup for the examples of a query. */
const examplesTag = 'panal-examples'

interface BodyProps {
  readonly judged: JudgedVersion
  /** In today's form, whatever form was signed. */
  readonly report: GateReport
  readonly found: ReportView
}

function Body({ judged, report, found }: BodyProps) {
  const { taskId, version, judgement } = judged
  const body = useMemo(() => {
    const { title, status, weightsSha256, signature, looks } = found
    const keysUrl = `${location.origin}/v1/keys`
    const examples = (query: SampleQuery) => h(examplesTag, { query: JSON.stringify(query) })
    return reportBody(report, { title, status, weightsSha256, signature, looks, keysUrl, examples })
  }, [report, found])
  const parts = useMemo(
    () => ({
      [examplesTag]: ({ attributes }: Pick<MarkupElement, 'attributes'>) => (
        // Written by the line above.
        <Examples
          judged={{ taskId, version, judgement }}
          query={JSON.parse(String(attributes['query'])) as SampleQuery}
        />
      ),
    }),
    [taskId, version, judgement],
  )
  return (
    <>
      <style>{reportStyles}</style>
      <MarkupView node={body} parts={parts} />
    </>
  )
}
