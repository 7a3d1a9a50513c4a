import type { CheckResult, Clock, GateReport, Metrics, Params } from '@panal/client-core'
import { failpoint } from '../failpoint.ts'
import type { TaskDocument } from '../registry/task-document.ts'
import { makeGateChecks } from './checks/registry.ts'
import type {
  Evaluation,
  Evaluator,
  Gate,
  GateCheck,
  GateSubject,
  JudgedModel,
  JudgedSet,
  ModelRef,
  VariedPredictions,
} from './contract.ts'
import { openEvaluation } from './open-evaluation.ts'
import { makePredictionCache } from './prediction-cache.ts'
import { accuracy } from './statistics/accuracy.ts'
import { roundToLadder } from './statistics/ladder.ts'
import { meanLogLoss } from './statistics/log-loss.ts'
import { overallVerdict } from './verdict.ts'

export interface GateParts {
  readonly evaluator: Evaluator
  /** The weights of one stored version. @throws PanalError 'unknown-version' */
  readonly loadParams: (taskId: string, model: ModelRef) => Promise<Params>
  readonly clock: Clock
  /**
   * Predictions kept between rounds, so that base, champion and anchor are not run again. Default 64 MiB, and as much
   * again for predictions on varied examples.
   */
  readonly maxCacheBytes?: number
}

/** The offline evaluation gate: runs the task's checks in order and draws one verdict from them. */
export function makeGate({ evaluator, loadParams, clock, maxCacheBytes = 64 * 2 ** 20 }: GateParts): Gate {
  const parts = {
    evaluator,
    loadParams,
    cache: makePredictionCache(maxCacheBytes),
    variedCache: makePredictionCache<VariedPredictions>(maxCacheBytes),
  }

  const judge = async (subject: GateSubject, signal: AbortSignal): Promise<GateReport> => {
    const judgedAt = clock.now()
    const { document, candidate, champion, anchor } = subject
    const checks = makeGateChecks(document.gate.checks)
    let evaluation = openEvaluation(subject, parts, signal)
    let results = await runChecks(checks, evaluation, signal)
    if (results.some(({ verdict }, index) => verdict === 'ERROR' && checks[index]?.integrity)) {
      // The evaluator may have died under it. Nobody judges this model later, so it is judged once more now.
      evaluation = openEvaluation(subject, parts, signal)
      results = await runChecks(checks, evaluation, signal)
    }
    const sound = isSound(checks, results)
    const overall = overallVerdict({
      results,
      checks,
      firstModel: champion === null,
      sameAsChampion: champion?.weightsSha256 === candidate.weightsSha256,
    })
    return {
      taskId: document.id,
      version: candidate.version,
      champion: champion?.version ?? null,
      anchor: anchor?.version ?? null,
      ...overall,
      sound,
      checks: results,
      evaluation: await measure(evaluation.candidate, 'evaluation', signal),
      gate: toldScores(document, await measure(evaluation.candidate, 'gate', signal)),
      datasetDigests: { evaluation: document.sets.evaluation, gate: document.sets.gate },
      judgedAt,
      durationMs: clock.now() - judgedAt,
    }
  }

  return { judge, close: () => evaluator.close() }
}

/** Every check in the order of the document; only an integrity check that does not pass ends it early. */
async function runChecks(
  checks: readonly GateCheck[],
  evaluation: Evaluation,
  signal: AbortSignal,
): Promise<CheckResult[]> {
  const results: CheckResult[] = []
  for (const check of checks) {
    const result = await runCheck(check, evaluation)
    signal.throwIfAborted()
    failpoint('during-gate')
    results.push(result)
    if (check.integrity && result.verdict !== 'PASS') break
  }
  return results
}

/** A check that throws, or answers with a number that JSON cannot hold, is an ERROR: the model waits, nobody is blamed. */
async function runCheck(check: GateCheck, evaluation: Evaluation): Promise<CheckResult> {
  try {
    const result = await check.judge(evaluation)
    const bad = notFinite(result, '')
    if (bad !== undefined) throw new Error(`its ${bad}`)
    return result
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    return { check: check.name, verdict: 'ERROR', reason: `The check could not be made: ${cause}.`, rows: [] }
  }
}

/** The first number in it that is none: `rows.0.p is NaN`. */
function notFinite(value: unknown, path: string): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${path} is ${value}`
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, each] of Object.entries(value)) {
    const found = notFinite(each, path === '' ? key : `${path}.${key}`)
    if (found !== undefined) return found
  }
  return undefined
}

const isSound = (checks: readonly GateCheck[], results: readonly CheckResult[]): boolean =>
  checks.every((check, index) => !check.integrity || results[index]?.verdict === 'PASS')

/** A task that counts the looks at its gate set tells scores on it in Ladder's steps only. */
function toldScores({ gate }: TaskDocument, metrics: Metrics | null): Metrics | null {
  if (metrics === null || !gate.checks.some(({ name }) => name === 'reuse')) return metrics
  const { numExamples, accuracy, logLoss } = metrics
  return {
    numExamples,
    accuracy: roundToLadder(accuracy, numExamples),
    logLoss: roundToLadder(logLoss, numExamples),
  }
}

/** Null where the model cannot be run, or gives no probabilities; the checks have said why. */
async function measure(model: JudgedModel, set: JudgedSet, signal: AbortSignal): Promise<Metrics | null> {
  try {
    const predictions = await model.on(set)
    if (predictions.labels.length === 0) return null
    return {
      numExamples: predictions.labels.length,
      accuracy: accuracy(predictions),
      logLoss: meanLogLoss(predictions),
    }
  } catch {
    signal.throwIfAborted()
    return null
  }
}
