import { createHash } from 'node:crypto'
import {
  canonicalJson,
  decisiveOf,
  fold,
  markupText,
  nameOfSubject,
  reportBody,
  reportStyles,
  samplesMarkup,
  worstOverall,
  type ReportContext,
  type SamplePage,
  type SampleQuery,
  type ShownReport,
  type SignedReport,
} from '@panal/client-core'

/** What a saved report shows beside the report itself; each part where it is known. */
export interface ReportExtras extends Pick<ReportContext, 'title' | 'status' | 'weightsSha256' | 'keysUrl' | 'looks'> {
  /** The examples behind queries, by `keyOfQuery`. */
  readonly samples?: ReadonlyMap<string, SamplePage>
  /** Word for word as it was signed: it is put into the file, so that the file can be checked by itself. */
  readonly signed?: SignedReport
}

/** Of each query whose examples are in the file. */
export const samplesInFile = 8

/** The same query has the same key, whatever the order of its fields. */
export const keyOfQuery = (query: SampleQuery): string => canonicalJson(query)

/** Queries whose examples a report should not be without: of what decided, of what did not pass, and the worst of all. */
export function queriesOf(report: ShownReport, max = 8): SampleQuery[] {
  const decisive = decisiveOf(report).flatMap(({ rows }) => rows)
  const doubtful = report.checks
    .flatMap(({ rows }) => rows)
    .filter(({ verdict }) => verdict === 'BLOCK' || verdict === 'WARN')
  const wanted = [worstOverall(report), ...[...decisive, ...doubtful].flatMap(({ samples }) => samples ?? [])]
  return [...new Map(wanted.map((query) => [keyOfQuery(query), query])).values()].slice(0, max)
}

const pageStyles = `
body { margin: 0; padding: clamp(.8rem, 3vw, 2rem); background: #fdfcf9; }
@media (prefers-color-scheme: dark) { body { background: #232323; } }
@media print { body { background: none; padding: 0; } @page { margin: 16mm 14mm; } }
`
const styles = reportStyles + pageStyles

/** Nothing is fetched, no script runs, and of styles only those of this program. */
const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(styles).digest('base64')}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/** The policy that is in the file, and what only a header can say. */
export const reportPolicy = `${policy}; frame-ancestors 'none'`

/**
 * A report as one file that needs nothing else: opened from a disk, sent by mail or printed. The same report and extras
 * give the same bytes.
 */
export function reportHtml(report: ShownReport, extras: ReportExtras = {}): string {
  const { samples, signed, ...about } = extras
  const body = reportBody(report, {
    ...about,
    ...(signed !== undefined && { signature: signed.signature }),
    ...(samples !== undefined && { examples: (query) => examplesOf(query, { report, samples }) }),
  })
  const name = `${nameOfSubject(report, about.title ?? report.taskId)}: report of the gate`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta http-equiv="Content-Security-Policy" content="${policy}" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
${markupText({ tag: 'title', attributes: {}, children: [name] })}
<style>${styles}</style>
</head>
<body>
${markupText(body)}
${signed === undefined || signed.signature === null ? '' : dataBlock(signed)}</body>
</html>
`
}

function examplesOf(
  query: SampleQuery,
  { report, samples }: { report: ShownReport; samples: NonNullable<ReportExtras['samples']> },
) {
  const key = keyOfQuery(query)
  const page = samples.get(key)
  if (page === undefined) return undefined
  const shown = samplesMarkup(page)
  return key === keyOfQuery(worstOverall(report)) ? shown : fold('The examples behind this', false, shown)
}

const dataBlockStart = '<script type="application/json" id="signed-report">'

/** Data, and no script: no browser runs it. No character in it could end it early. */
const dataBlock = ({ report, signature }: SignedReport): string =>
  `${dataBlockStart}${JSON.stringify({ report, signature }).replace(/[<>&]/g, escapeInJson)}</script>\n`

const escapeInJson = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`

/** The JSON that a saved report carries, or undefined where it has none. */
export function signedReportIn(html: string): string | undefined {
  const start = html.lastIndexOf(dataBlockStart)
  if (start < 0) return undefined
  const end = html.indexOf('</script>', start)
  return end < 0 ? undefined : html.slice(start + dataBlockStart.length, end)
}
