import type { Clock, GateReport, Params } from '@panal/client-core'
import { makeGateChecks } from './checks/registry.ts'
import type { Evaluator, Gate, GateSubject, ModelRef, OnCheck, VariedPredictions } from './contract.ts'
import { openEvaluation, type EvaluationParts } from './open-evaluation.ts'
import { makePredictionCache, type PredictionCache } from './prediction-cache.ts'
import { conclude, runChecks, type RunOptions } from './run-checks.ts'

export interface GateParts {
  readonly evaluator: Evaluator
  /** The weights of one stored version. @throws PanalError 'unknown-version' */
  readonly loadParams: (taskId: string, model: ModelRef) => Promise<Params>
  readonly clock: Clock
  /** Predictions kept between rounds, so that base, champion and anchor are not run again. Default: 64 MiB of its own. */
  readonly cache?: PredictionCache
  /** Likewise, of predictions on varied examples. */
  readonly variedCache?: PredictionCache<VariedPredictions>
}

/** The offline evaluation gate: runs the task's checks in order and draws one verdict from them. */
export function makeGate({ clock, ...given }: GateParts): Gate {
  const parts: EvaluationParts = {
    cache: makePredictionCache(),
    variedCache: makePredictionCache<VariedPredictions>(),
    ...given,
  }
  const { evaluator } = parts

  const judge = async (subject: GateSubject, signal: AbortSignal, onCheck?: OnCheck): Promise<GateReport> => {
    const judgedAt = clock.now()
    const { document, candidate, champion, anchor } = subject
    const checks = makeGateChecks(document.gate.checks)
    const options: RunOptions = { signal, onCheck }
    let evaluation = openEvaluation(subject, parts, signal)
    let results = await runChecks(checks, evaluation, options)
    if (results.some(({ verdict }, index) => verdict === 'ERROR' && checks[index]?.integrity)) {
      // The evaluator may have died under it: it is judged once more now, for nobody may come to have it judged again.
      evaluation = openEvaluation(subject, parts, signal)
      results = await runChecks(checks, evaluation, options)
    }
    return {
      taskId: document.id,
      version: candidate.version,
      champion: champion?.version ?? null,
      anchor: anchor?.version ?? null,
      ...(await conclude(checks, results, evaluation, signal)),
      datasetDigests: { evaluation: document.sets.evaluation, gate: document.sets.gate },
      judgedAt,
      durationMs: clock.now() - judgedAt,
    }
  }

  return { judge, close: () => evaluator.close() }
}
