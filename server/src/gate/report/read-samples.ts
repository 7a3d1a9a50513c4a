import { canonicalJson, PanalError, type GateReport, type SamplePage, type SampleQuery } from '@panal/client-core'
import type { Registry } from '../../registry/registry.ts'
import type { TaskStore } from '../../registry/task-store.ts'
import type { Evaluator, ExampleReader, ModelRef } from '../contract.ts'
import { openEvaluation } from '../open-evaluation.ts'
import { makeSources, type SourceParts } from '../sources.ts'
import { samplePage, type PageRequest } from './sample-page.ts'

export interface SampleReaderParts extends SourceParts {
  readonly evaluator: Evaluator & ExampleReader
  readonly registry: Pick<Registry, 'version' | 'judgement'>
  readonly tasks: Pick<TaskStore, 'get'>
}

/** Which examples, of which judgement. */
export interface SampleRequest extends PageRequest {
  readonly taskId: string
  readonly version: number
  /** The newest where it is left out. */
  readonly judgement?: number | undefined
}

export interface SampleReader {
  /**
   * Some of the examples behind a row of a version's report. The models answer again, in the evaluator's worker, unless
   * their answers are still kept from judging.
   * @throws PanalError 'unknown-task' | 'unknown-version' | 'not-found' (no such judgement) | 'bad-request'
   */
  read(request: SampleRequest, signal: AbortSignal): Promise<SamplePage>
}

export function makeSampleReader(parts: SampleReaderParts): SampleReader {
  const { registry, tasks, evaluator } = parts
  const refOf = (taskId: string, version: number | null): ModelRef | null =>
    version === null ? null : { version, weightsSha256: registry.version(taskId, version).weightsSha256 }

  return {
    async read({ taskId, version, judgement, query, offset, limit }, signal) {
      const { document: task } = tasks.get(taskId)
      const report = registry.judgement(taskId, version, judgement)?.report
      if (report === undefined) throw new PanalError('not-found', 'the gate has not judged this version')
      requireTried(report, query)
      // The task may have other sets by now.
      const document = { ...task, sets: { ...task.sets, ...report.datasetDigests } }
      const { weightsSha256 } = registry.version(taskId, version)
      const candidate = { version, weightsSha256 }
      const subject = {
        document,
        candidate,
        base: candidate,
        champion: refOf(taskId, report.champion),
        anchor: refOf(taskId, report.anchor),
      }
      const evaluation = openEvaluation(subject, makeSources(subject, parts, signal))
      return samplePage(evaluation, { query, offset, limit }, (places) =>
        evaluator.show({ document, datasetSha256: document.sets[query.set], places }, signal),
      )
    },
  }
}

/** Each variation is a pass of two models on the thread that rounds wait for: those of the report, and no others. */
function requireTried({ checks }: GateReport, { variation }: SampleQuery): void {
  if (variation === undefined) return
  const tried = checks.flatMap(({ rows }) => rows.map(({ samples }) => samples?.variation))
  const wanted = canonicalJson(variation)
  if (!tried.some((each) => each !== undefined && canonicalJson(each) === wanted))
    throw new PanalError('bad-request', 'no row of this report is about examples that were changed in this way')
}
