import type { CheckResult, GateReport, Metrics } from '@panal/client-core'
import { failpoint } from '../failpoint.ts'
import type { GateCheck, OnCheck } from './contract.ts'
import type { CandidateScores } from './measure-candidate.ts'
import { roundToLadder } from './statistics/ladder.ts'
import { overallVerdict } from './verdict.ts'

/** What a report says of a model, whoever ran it and wherever its answers come from. */
export type Judgement = Pick<GateReport, 'verdict' | 'reason' | 'sound' | 'checks' | 'evaluation' | 'gate' | 'figures'>

export interface RunOptions {
  readonly signal: AbortSignal
  readonly onCheck?: OnCheck | undefined
}

/**
 * Every check in order; only an integrity check that does not pass ends it early.
 * @param make makes one of them: here, `(check) => check.judge(evaluation)`, or in another thread
 * @throws the signal's reason only
 */
export async function runChecks(
  checks: readonly GateCheck[],
  make: (check: GateCheck, index: number) => Promise<CheckResult>,
  { signal, onCheck }: RunOptions,
): Promise<CheckResult[]> {
  const results: CheckResult[] = []
  for (const [index, check] of checks.entries()) {
    onCheck?.(check.name, index, checks.length)
    const { check: name, ...found } = await orError(check, () => make(check, index))
    const result = { check: name, ...(check.variant !== undefined && { variant: check.variant }), ...found }
    signal.throwIfAborted()
    failpoint('during-gate')
    results.push(result)
    if (check.integrity && result.verdict !== 'PASS') break
  }
  return results
}

/** A check that throws, or answers with a number that JSON cannot hold, is an ERROR: the model waits, nobody is blamed. */
async function orError({ name }: GateCheck, make: () => Promise<CheckResult>): Promise<CheckResult> {
  try {
    const result = await make()
    const bad = notFinite(result, '')
    if (bad !== undefined) throw new Error(`its ${bad}`)
    return result
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    return { check: name, verdict: 'ERROR', reason: `The check could not be made: ${cause}.`, rows: [] }
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

/** By their weights. */
interface Compared {
  readonly candidate: { readonly weightsSha256: string }
  readonly champion: { readonly weightsSha256: string } | null
}

/** The one verdict of these results, with the scores that go with it. */
export function conclude(
  checks: readonly GateCheck[],
  results: readonly CheckResult[],
  { candidate, champion }: Compared,
  scores: CandidateScores,
): Judgement {
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
    evaluation: scores.evaluation,
    gate: toldScores(checks, scores.gate),
    figures: scores.figures,
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
