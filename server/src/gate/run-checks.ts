import type { CheckResult, Figure, GateReport, Metrics } from '@panal/client-core'
import { failpoint } from '../failpoint.ts'
import type { Evaluation, GateCheck, JudgedModel, JudgedSet, OnCheck } from './contract.ts'
import { modelFigures } from './report/model-figures.ts'
import { accuracy } from './statistics/accuracy.ts'
import { roundToLadder } from './statistics/ladder.ts'
import { meanLogLoss } from './statistics/log-loss.ts'
import { overallVerdict } from './verdict.ts'

/** What a report says of a model, whoever ran it and wherever its answers come from. */
export type Judgement = Pick<GateReport, 'verdict' | 'reason' | 'sound' | 'checks' | 'evaluation' | 'gate' | 'figures'>

export interface RunOptions {
  readonly signal: AbortSignal
  readonly onCheck?: OnCheck | undefined
}

/** Every check in order; only an integrity check that does not pass ends it early. @throws the signal's reason only */
export async function runChecks(
  checks: readonly GateCheck[],
  evaluation: Evaluation,
  { signal, onCheck }: RunOptions,
): Promise<CheckResult[]> {
  const results: CheckResult[] = []
  for (const check of checks) {
    onCheck?.(check.name, results.length, checks.length)
    const { check: name, ...found } = await runCheck(check, evaluation)
    const result = { check: name, ...(check.variant !== undefined && { variant: check.variant }), ...found }
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

/** The one verdict of these results, with the scores that go with it. @throws the signal's reason only */
export async function conclude(
  checks: readonly GateCheck[],
  results: readonly CheckResult[],
  evaluation: Evaluation,
  signal: AbortSignal,
): Promise<Judgement> {
  const { candidate, champion } = evaluation
  const overall = overallVerdict({
    results,
    checks,
    firstModel: champion === null,
    sameAsChampion: champion?.weightsSha256 === candidate.weightsSha256,
  })
  return {
    ...overall,
    sound: checks.every((check, index) => !check.integrity || results[index]?.verdict === 'PASS'),
    checks: results,
    evaluation: await measure(candidate, 'evaluation', signal),
    gate: toldScores(checks, await measure(candidate, 'gate', signal)),
    figures: await figuresOf(evaluation, signal),
  }
}

/** A task that counts the looks at its gate set tells scores on it in Ladder's steps only. */
function toldScores(checks: readonly GateCheck[], metrics: Metrics | null): Metrics | null {
  if (metrics === null || !checks.some(({ name }) => name === 'reuse')) return metrics
  const { numExamples, accuracy, logLoss } = metrics
  return {
    numExamples,
    accuracy: roundToLadder(accuracy, numExamples),
    logLoss: roundToLadder(logLoss, numExamples),
  }
}

/** None where the model cannot be run. */
async function figuresOf(evaluation: Evaluation, signal: AbortSignal): Promise<Figure[]> {
  try {
    const { classes } = await evaluation.examples('evaluation')
    return modelFigures(await evaluation.candidate.on('evaluation'), classes)
  } catch {
    signal.throwIfAborted()
    return []
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
