import {
  canonicalJson,
  decisiveOf,
  fold,
  h,
  nameOfSubject,
  reportBody,
  samplesMarkup,
  worstExamplesId,
  worstOverall,
  type MarkupElement,
  type ReportContext,
  type SamplePage,
  type SampleQuery,
  type ShownReport,
  type SignedReport,
} from '@panal/client-core'
import { htmlFile } from './html-file.ts'

export { reportPolicy } from './html-file.ts'

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

/**
 * A report as one file that needs nothing else: opened from a disk, sent by mail or printed. The same report and extras
 * give the same bytes.
 */
export function reportHtml(report: ShownReport, extras: ReportExtras = {}): string {
  const { samples, signed, ...about } = extras
  const body = reportBody(report, {
    ...about,
    ...(signed !== undefined && { signature: signed.signature }),
    ...(samples !== undefined && { examples: examplesIn(report, samples) }),
  })
  const name = `${nameOfSubject(report, about.title ?? report.taskId)}: report of the gate`
  return htmlFile(name, body, signed === undefined || signed.signature === null ? '' : dataBlock(signed))
}

/** Each query's examples once: where they are behind several rows, the later ones lead to the first. */
function examplesIn(
  report: ShownReport,
  samples: NonNullable<ReportExtras['samples']>,
): NonNullable<ReportContext['examples']> {
  const worst = keyOfQuery(worstOverall(report))
  const shown = new Map<string, string>()
  return (query, where) => {
    const key = keyOfQuery(query)
    const page = samples.get(key)
    if (page === undefined) return undefined
    if (where === 'worst') return samplesMarkup(page)
    if (key === worst) return linkTo(worstExamplesId, 'The examples behind this are the worst of all, further down')
    const before = shown.get(key)
    if (before !== undefined) return linkTo(before, 'The examples behind this are shown above')
    const id = `examples-${shown.size + 1}`
    shown.set(key, id)
    return h('div', { id }, fold('The examples behind this', false, samplesMarkup(page)))
  }
}

const linkTo = (id: string, text: string): MarkupElement => h('p', {}, h('a', { href: `#${id}` }, text))

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
