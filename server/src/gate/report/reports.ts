import { PanalError, type ReportLook, type SamplePage, type SignedReport } from '@panal/client-core'
import type { VersionStatus } from '../../registry/model-version.ts'
import type { Registry } from '../../registry/registry.ts'
import type { TaskStore } from '../../registry/task-store.ts'
import type { SampleReader } from './read-samples.ts'
import { keyOfQuery, queriesOf, reportHtml, samplesInFile } from './report-html.ts'

/** What is known of one judgement, as `report.json` tells it. `report` is word for word what was signed. */
export interface ReportView extends SignedReport {
  /** Of the task. */
  readonly title: string
  readonly status: VersionStatus
  readonly weightsSha256: string
  readonly looks: readonly ReportLook[]
}

export interface ReportsParts {
  readonly registry: Pick<Registry, 'version' | 'judgement' | 'lookHistory'>
  readonly tasks: Pick<TaskStore, 'get'>
  readonly samples: SampleReader
  /** Under which people reach the server, without a slash at its end. */
  readonly address: () => string
}

/** Reports of versions as they leave the server. */
export interface Reports {
  /** Of the newest judgement. @throws PanalError 'unknown-task' | 'unknown-version' | 'not-found' (no such judgement) */
  view(judged: JudgedVersion): ReportView
  /** With examples: for people who may see the server's own data. @throws as `view`; the signal's reason when it aborts */
  html(judged: JudgedVersion, signal: AbortSignal): Promise<string>
}

/** Which version, and which judgement of it where not the newest is meant. */
export interface JudgedVersion {
  readonly taskId: string
  readonly version: number
  readonly judgement?: number | undefined
}

export function makeReports({ registry, tasks, samples, address }: ReportsParts): Reports {
  const find = ({ taskId, version, judgement: id }: JudgedVersion) => {
    tasks.get(taskId)
    const judgement = registry.judgement(taskId, version, id)
    if (judgement === undefined) throw new PanalError('not-found', 'the gate has not judged it yet')
    return judgement
  }

  const view = (judged: JudgedVersion): ReportView => {
    const { taskId, version } = judged
    const { signed, report } = find(judged)
    const { status, weightsSha256 } = registry.version(taskId, version)
    return {
      ...signed,
      // What nobody signed may be told in today's form.
      ...(signed.signature === null && { report }),
      title: tasks.get(taskId).document.title,
      status,
      weightsSha256,
      looks: registry.lookHistory(report.datasetDigests.gate),
    }
  }

  const html = async (judged: JudgedVersion, signal: AbortSignal): Promise<string> => {
    const { report, signature, title, status, weightsSha256, looks } = view(judged)
    const { report: shown } = find(judged)
    const pages = new Map<string, SamplePage>()
    for (const query of queriesOf(shown)) {
      const request = { ...judged, query, offset: 0, limit: samplesInFile }
      // A model may have been blocked for what it answers, and a dataset be gone: the report stands without examples.
      const page = await samples.read(request, signal).catch(() => undefined)
      signal.throwIfAborted()
      if (page !== undefined) pages.set(keyOfQuery(query), page)
    }
    return reportHtml(shown, {
      title,
      status,
      weightsSha256,
      looks,
      signed: { report, signature },
      keysUrl: `${address()}/v1/keys`,
      samples: pages,
    })
  }

  return { view, html }
}
