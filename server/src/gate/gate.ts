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
  Predictions,
} from './contract.ts'
import { makePredictionCache } from './prediction-cache.ts'
import { accuracy } from './statistics/accuracy.ts'
import { meanLogLoss } from './statistics/log-loss.ts'
import { overallVerdict } from './verdict.ts'

export interface GateParts {
  readonly evaluator: Evaluator
  /** The weights of one stored version. @throws PanalError 'unknown-version' */
  readonly loadParams: (taskId: string, model: ModelRef) => Promise<Params>
  readonly clock: Clock
  /** Predictions kept between rounds, so that base, champion and anchor are not run again. Default 64 MiB. */
  readonly maxCacheBytes?: number
}

/** The offline evaluation gate: runs the task's checks in order and draws one verdict from them. */
export function makeGate({ evaluator, loadParams, clock, maxCacheBytes = 64 * 2 ** 20 }: GateParts): Gate {
  const cache = makePredictionCache(maxCacheBytes)

  const judge = async (subject: GateSubject, signal: AbortSignal): Promise<GateReport> => {
    const judgedAt = clock.now()
    const { document, candidate, champion, anchor } = subject
    const checks = makeGateChecks(document.gate.checks)
    let evaluation = open(subject, signal)
    let results = await runChecks(checks, evaluation, signal)
    if (results.some(({ verdict }, index) => verdict === 'ERROR' && checks[index]?.integrity)) {
      // The evaluator may have died under it. Nobody judges this model later, so it is judged once more now.
      evaluation = open(subject, signal)
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
      gate: await measure(evaluation.candidate, 'gate', signal),
      datasetDigests: { evaluation: document.sets.evaluation, gate: document.sets.gate },
      judgedAt,
      durationMs: clock.now() - judgedAt,
    }
  }

  const open = (subject: GateSubject, signal: AbortSignal): Evaluation => {
    const { document } = subject
    const model = (ref: ModelRef): JudgedModel => openModel({ document, ref, signal })
    return {
      document,
      candidate: model(subject.candidate),
      base: model(subject.base),
      champion: subject.champion && model(subject.champion),
      anchor: subject.anchor && model(subject.anchor),
    }
  }

  /** A model whose weights and predictions are fetched when first asked for. */
  const openModel = (of: { document: TaskDocument; ref: ModelRef; signal: AbortSignal }): JudgedModel => {
    const { document, ref, signal } = of
    let loading: Promise<Params> | undefined
    const params = (): Promise<Params> => (loading ??= loadParams(document.id, ref))
    const predict = async (set: JudgedSet): Promise<Predictions> => {
      const datasetSha256 = document.sets[set]
      const key = `${document.id} ${ref.weightsSha256} ${datasetSha256}`
      const known = cache.get(key)
      if (known !== undefined) return known
      const predictions = await evaluator.predict({ document, params: await params(), datasetSha256 }, signal)
      cache.set(key, predictions)
      return predictions
    }
    // Kept for this judgement whatever becomes of it: what failed once is not tried again by each check in turn.
    const asked = new Map<JudgedSet, Promise<Predictions>>()
    const on = (set: JudgedSet): Promise<Predictions> => {
      const answer = asked.get(set) ?? predict(set)
      asked.set(set, answer)
      return answer
    }
    return { ...ref, params, on }
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
    const numbers = Object.entries(result).flatMap(([key, value]) => [value].flat().map((each) => [key, each] as const))
    const bad = numbers.find(([, value]) => typeof value === 'number' && !Number.isFinite(value))
    if (bad !== undefined) throw new Error(`its ${bad[0]} is ${String(bad[1])}`)
    return result
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    return { check: check.name, verdict: 'ERROR', reason: `The check could not be made: ${cause}.` }
  }
}

const isSound = (checks: readonly GateCheck[], results: readonly CheckResult[]): boolean =>
  checks.every((check, index) => !check.integrity || results[index]?.verdict === 'PASS')

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
