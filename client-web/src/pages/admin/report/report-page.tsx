import { Alert, Anchor, Button, Group, Stack, Text } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { IconArrowLeft, IconDownload, IconPrinter } from '@tabler/icons-react'
import { h, reportBody, reportStyles, type GateReport, type MarkupElement, type SampleQuery } from '@panal/client-core'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Link, useParams } from 'react-router'
import { reportQuery, sessionQuery, versionPath, versionQuery } from '../../../api/queries.ts'
import type { ReportView } from '../../../api/types.ts'
import { MarkupView } from '../../../components/markup-view.tsx'
import { PageSkeleton } from '../../../components/page-skeleton.tsx'
import { NotFoundPage } from '../../not-found.tsx'
import { Examples } from './examples.tsx'

/** Everything that the gate found of one version: `/admin/<task>/versions/<n>`. */
export default function ReportPage() {
  const { taskId = '', version = '' } = useParams()
  return /^\d{1,9}$/.test(version) ? <Report taskId={taskId} version={Number(version)} /> : <NotFoundPage />
}

interface Judged {
  readonly taskId: string
  readonly version: number
}

function Report({ taskId, version }: Judged) {
  const { data: view, error } = useQuery(versionQuery(taskId, version))
  // A version without a report has none to ask for.
  const { data: found } = useQuery({
    ...reportQuery(taskId, version),
    enabled: view !== undefined && view.evaluation !== null,
  })
  useDocumentTitle(`Model ${version} of ${taskId} · Panal`)
  if (error !== null && view === undefined)
    return (
      <Alert color="red" title="This report could not be read">
        {error.message}
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
        {found !== undefined && <SaveButtons taskId={taskId} version={version} />}
      </Group>
      {view.evaluation === null || found === undefined ? (
        <Text>{view.status === 'initial' ? 'The initial weights are not judged.' : 'It has not been judged yet.'}</Text>
      ) : (
        <Body judged={{ taskId, version }} report={view.evaluation} found={found} />
      )}
    </Stack>
  )
}

function SaveButtons({ taskId, version }: Judged) {
  const { data: session } = useQuery(sessionQuery)
  const path = versionPath(taskId, version)
  const icon = <IconDownload size={16} aria-hidden />
  return (
    <Group gap="xs">
      <Button variant="default" size="compact-sm" leftSection={<IconPrinter size={16} aria-hidden />} onClick={print}>
        Print
      </Button>
      {session?.signedIn === true && (
        <Button
          component="a"
          href={`${path}/report.html`}
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
        href={`${path}/report.json`}
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
  readonly judged: Judged
  /** In today's form, whatever form was signed. */
  readonly report: GateReport
  readonly found: ReportView
}

function Body({ judged: { taskId, version }, report, found }: BodyProps) {
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
        <Examples taskId={taskId} version={version} query={JSON.parse(String(attributes['query'])) as SampleQuery} />
      ),
    }),
    [taskId, version],
  )
  return (
    <>
      <style>{reportStyles}</style>
      <MarkupView node={body} parts={parts} />
    </>
  )
}
