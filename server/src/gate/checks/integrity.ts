import type { CheckResult, CheckRow, Params } from '@panal/client-core'
import { Type } from 'typebox'
import { policy } from '../../policy.ts'
import type { Evaluation, GateCheck, JudgedModel, Predictions } from '../contract.ts'
import { isCalibrated } from '../served.ts'
import { predictedClasses } from '../statistics/accuracy.ts'
import { priorLogLoss } from '../statistics/class-prior.ts'
import { meanLogLoss } from '../statistics/log-loss.ts'
import { firstImproperRow } from '../statistics/probability-rows.ts'

type Finding = Pick<CheckRow, 'verdict' | 'reason' | 'estimate' | 'n'>

/**
 * Check 0: is this a working model at all? Finite weights, as many as its base has; answers that are probabilities;
 * and no collapse since its base: a log loss over `maxLossRatio` × the base's and over that of guessing by class
 * prior, or one class for everything where the base told classes apart and was no worse. Deterministic: PASS or BLOCK.
 */
export const integrity = policy({
  options: {
    maxLossRatio: Type.Optional(
      Type.Number({
        exclusiveMinimum: 1,
        default: 2,
        description: 'a candidate whose log loss is over this × its base’s, and over that of guessing, has collapsed',
      }),
    ),
  },
  make: ({ maxLossRatio = 2 }): GateCheck => ({
    name: 'integrity',
    integrity: true,
    async judge(evaluation: Evaluation): Promise<CheckResult> {
      const { candidate, base } = evaluation
      const broken = await brokenWeights(candidate, base)
      if (broken !== undefined) return resultOf(block(broken))
      const onEvaluation = await candidate.on('evaluation')
      const improper = await improperAnswers(evaluation)
      if (improper !== undefined) return resultOf(block(improper))
      if (onEvaluation.labels.length === 0)
        return resultOf({ verdict: 'NOT_ENOUGH_DATA', reason: 'The evaluation set has no examples.', n: 0 })
      const looked = candidate.params === undefined ? 'Proper' : 'Finite weights, proper'
      return resultOf(judgeCollapse(onEvaluation, await base.on('evaluation'), { maxLossRatio, looked }))
    },
  }),
})

/** The measured loss is a row; what was found without measuring is a sentence. */
const resultOf = (finding: Finding): CheckResult => ({
  check: 'integrity',
  verdict: finding.verdict,
  reason: finding.reason,
  rows: finding.n === undefined ? [] : [{ metric: 'log loss', ...finding }],
})

const block = (reason: string): Finding => ({ verdict: 'BLOCK', reason })

/** Nothing to say of models whose predictions alone were recorded. */
async function brokenWeights(candidate: JudgedModel, base: JudgedModel): Promise<string | undefined> {
  if (candidate.params === undefined || base.params === undefined) return undefined
  return brokenParams(await candidate.params(), await base.params())
}

function brokenParams(params: Params, baseParams: Params): string | undefined {
  if (params.length !== baseParams.length)
    return `The candidate has ${params.length} params where its base has ${baseParams.length}.`
  const at = params.findIndex((value) => !Number.isFinite(value))
  return at < 0 ? undefined : `Weight ${at} of ${params.length} is not a finite number.`
}

/** Also on the calibration set, where a check fits on it: what is fitted to broken answers is broken as well. */
async function improperAnswers(evaluation: Evaluation): Promise<string | undefined> {
  const { candidate, calibration, document } = evaluation
  const sets = [
    ...(['evaluation', 'gate'] as const).map((name) => ({
      name,
      answers: () => candidate.on(name),
      examples: () => evaluation.examples(name),
    })),
    ...(calibration === null || !isCalibrated(document)
      ? []
      : [{ name: 'calibration', answers: () => calibration.of(candidate), examples: () => calibration.examples() }]),
  ]
  for (const { name, answers, examples } of sets) {
    const row = firstImproperRow(await answers())
    if (row < 0) continue
    const { rows, ids } = await examples()
    return `Its answer to example ${rows[row]} of the ${name} set (${ids[row]}) is not a probability distribution: not finite, negative, or not summing to 1.`
  }
  return undefined
}

/** @param how.looked what was found in order before, to begin the sentence with */
function judgeCollapse(
  candidate: Predictions,
  base: Predictions,
  { maxLossRatio, looked }: { readonly maxLossRatio: number; readonly looked: string },
): Finding {
  // A base that is itself broken (an early version, say) cannot excuse the candidate: guessing is then the yardstick.
  const guessing = priorLogLoss(candidate)
  const loss = meanLogLoss(candidate)
  const baseLoss = firstImproperRow(base) < 0 ? meanLogLoss(base) : guessing
  const figures = { estimate: loss, n: candidate.labels.length }
  if (loss > maxLossRatio * baseLoss && loss > guessing)
    return {
      ...block(
        `Collapsed: log loss ${show(loss)} is over ${maxLossRatio} × its base’s ${show(baseLoss)} and over the ${show(guessing)} of guessing by class share.`,
      ),
      ...figures,
    }
  // A first round on unbalanced data often answers with the majority alone, and is better for it: that is learning.
  if (loss >= baseLoss && numAnswered(candidate) === 1 && numAnswered(base) > 1)
    return {
      ...block(
        `Collapsed: it answers every example with the same class, which its base did not, and is no better for it (log loss ${show(loss)}, base ${show(baseLoss)}).`,
      ),
      ...figures,
    }
  return {
    verdict: 'PASS',
    reason: `${looked} probabilities, and log loss ${show(loss)} where its base has ${show(baseLoss)}.`,
    ...figures,
  }
}

/** How many classes it ever answers with. */
const numAnswered = (predictions: Predictions): number => new Set(predictedClasses(predictions)).size

const show = (loss: number): string => loss.toFixed(4)
