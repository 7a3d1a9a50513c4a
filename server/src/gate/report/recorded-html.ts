import type { SamplePage, SampleQuery } from '@panal/client-core'
import type { ShownContent } from '../contract.ts'
import type { RecordedReport } from '../recorded/judge-recorded.ts'
import type { RecordedEvaluation } from '../recorded/recorded-evaluation.ts'
import { labelColumn } from '../segment-profile.ts'
import { keyOfQuery, queriesOf, reportHtml, samplesInFile } from './report-html.ts'
import { samplePage } from './sample-page.ts'

/** A report on recorded predictions as one file, with the rows behind it. Nobody signs it. The same file gives the same bytes. */
export async function recordedHtml(recorded: RecordedEvaluation, report: RecordedReport): Promise<string> {
  const samples = new Map<string, SamplePage>()
  for (const query of queriesOf(report)) samples.set(keyOfQuery(query), await pageOf(recorded, query))
  return reportHtml(report, { samples })
}

/** Rows are shown by their segments: ranges of what is a number. Where the data name a row, this finds it. */
async function pageOf({ evaluation, roles }: RecordedEvaluation, query: SampleQuery): Promise<SamplePage> {
  const { segments } = await evaluation.examples(query.set)
  const columns = segments.filter(({ name }) => name !== labelColumn)
  const show = async (places: Int32Array): Promise<ShownContent[]> =>
    Array.from(places, (place) => ({
      columns: Object.fromEntries(columns.map(({ name, values, codes }) => [name, values[codes[place]!] ?? ''])),
    }))
  const page = await samplePage(evaluation, { query, offset: 0, limit: samplesInFile }, show)
  if (roles.id === undefined) return page
  return { ...page, samples: page.samples.map(({ row: _, ...sample }) => sample) }
}
