import type { GateReport, RecordedSubject } from '@panal/client-core'
import { makeGateChecks, type GateCheckSpec } from '../checks/registry.ts'
import { measureCandidate } from '../measure-candidate.ts'
import { conclude, runChecks, type RunOptions } from '../run-checks.ts'
import { defaultChecks } from './default-checks.ts'
import { requireFitting } from './gate-file.ts'
import type { RecordedEvaluation } from './recorded-evaluation.ts'

/** A report without a clock: the same rows give the same bytes, in whatever order and whenever they are judged. */
export type RecordedReport = Omit<GateReport, 'judgedAt' | 'durationMs'> & { readonly recorded: RecordedSubject }

/**
 * Judges recorded predictions as the live gate judges a round's model: the same checks, the same rule.
 * @param specs the gate file's; undefined: all checks that apply
 * @throws RecordedError 'invalid-gate' where the checks do not go with the data; the signal's reason
 */
export async function judgeRecorded(
  recorded: RecordedEvaluation,
  specs: readonly GateCheckSpec[] | undefined,
  options: RunOptions,
): Promise<RecordedReport> {
  const { evaluation, classes, segments } = recorded
  const { document, candidate, champion, anchor } = evaluation
  if (specs !== undefined) requireFitting(specs, schemaOf(recorded))
  const kinds = {
    numClasses: classes.length,
    hasChampion: champion !== null,
    hasAnchor: anchor !== null,
    hasSegments: document.segments.length > 0,
    hasClients: recorded.roles.client !== undefined,
  }
  const checks = makeGateChecks(specs ?? defaultChecks(kinds))
  const results = await runChecks(checks, (check) => check.judge(evaluation), options)
  const [onEvaluation, onGate] = [await evaluation.examples('evaluation'), await evaluation.examples('gate')]
  return {
    taskId: document.id,
    version: candidate.version,
    champion: champion?.version ?? null,
    anchor: anchor?.version ?? null,
    ...conclude(checks, results, evaluation, await measureCandidate(evaluation, options.signal)),
    datasetDigests: { evaluation: onEvaluation.datasetSha256, gate: onGate.datasetSha256 },
    recorded: subjectOf(recorded, segments.leftOut),
  }
}

function subjectOf(
  { roles, sets, classes, evaluation }: RecordedEvaluation,
  leftOut: readonly string[],
): RecordedSubject {
  const { candidate, champion, anchor } = roles.models
  const numAside = sets.calibration?.length ?? 0
  const apart = sets.evaluation === sets.gate ? 0 : sets.evaluation.length
  return {
    candidate: candidate!.spec,
    champion: champion?.spec ?? null,
    anchor: anchor?.spec ?? null,
    label: roles.label,
    classes,
    numRows: sets.gate.length + numAside + apart,
    sets: { evaluation: sets.evaluation.length, calibration: numAside, gate: sets.gate.length },
    split: sets.by,
    leftOut,
    seed: evaluation.document.seed,
  }
}

/** The columns as a task would describe them, for checks that name some. */
const schemaOf = ({ classes, segments, roles }: RecordedEvaluation) => ({
  kind: 'table' as const,
  columns: segments.profile.map((column) =>
    column.kind === 'numeric'
      ? { name: column.name, kind: 'numeric' as const, mean: 0, std: 1, missing: 'mean' as const }
      : { name: column.name, kind: 'categorical' as const, values: [...column.values], missing: 'zeros' as const },
  ),
  label: { column: roles.label },
  classes: [...classes],
})
