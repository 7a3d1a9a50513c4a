import { PanalError } from '@panal/client-core'
import type { Examiner } from '../gate/contract.ts'
import { checkData, gateNeeds, type CheckedData } from './check-data.ts'
import { invalidTask } from './make-task.ts'
import { parseTaskDocument } from './parse-task.ts'
import type { EvaluationSets, TaskDocument } from './task-document.ts'
import type { SyncQueries } from '../store/sync-query.ts'

export interface ChangeSetsDeps {
  readonly db: SyncQueries
  readonly examiner: Examiner
}

/**
 * The document with other sets, checked as at its creation: there, readable, apart from each other and from the samples.
 * Where the gate pins the profile of the segments, it is the new evaluation set's.
 * @throws PanalError 'invalid-task' | 'unknown-dataset' | 'invalid-dataset', with every problem's path
 */
export async function withOtherSets(
  earlier: TaskDocument,
  changes: Partial<EvaluationSets>,
  deps: ChangeSetsDeps,
): Promise<CheckedData & { document: TaskDocument }> {
  const parsed = parseTaskDocument({ ...earlier, sets: { ...earlier.sets, ...changes } })
  if (!parsed.ok) throw invalidTask(parsed.errors)
  const { document } = parsed
  if (document.sets.gate !== earlier.sets.gate) refuseWhatGoesWithTheOld(document)
  const checked = await checkData(document, deps)
  const isPinnedAnew = document.sets.evaluation !== earlier.sets.evaluation
  return { ...checked, document: isPinnedAnew ? await pinnedAnew(document, deps.examiner) : document }
}

/** Predictions that were recorded for the examples of one gate set say nothing of another's. */
function refuseWhatGoesWithTheOld(document: TaskDocument): void {
  const errors = gateNeeds(document)
    .datasets.filter(({ goesWithGateSet = false }) => goesWithGateSet)
    .map(({ path }) => ({ path, message: 'was recorded for the gate set of now; make a task of its own for another' }))
  if (errors.length > 0) throw new PanalError('invalid-dataset', undefined, { extra: { errors } })
}

async function pinnedAnew(document: TaskDocument, examiner: Examiner): Promise<TaskDocument> {
  const { data, segments, sets, gate } = document
  const checks: typeof gate.checks = []
  for (const spec of gate.checks)
    checks.push(
      spec.name === 'pin' && spec.profileSha256 !== undefined
        ? { ...spec, profileSha256: await examiner.profile(sets.evaluation, data, segments) }
        : spec,
    )
  return { ...document, gate: { ...gate, checks } }
}
