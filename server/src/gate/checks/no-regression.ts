import { makeRng, type CheckResult, type CheckRow } from '@panal/client-core'
import { Type, type Static, type TObject } from 'typebox'
import { policy } from '../../policy.ts'
import { comparedWith, type Pair } from '../compared.ts'
import type { Evaluation, GateCheck } from '../contract.ts'
import { generalRule, type RuledVerdict } from '../general-rule.ts'
import { nats, resultOf, resultOfRow } from '../say.ts'
import { logLosses } from '../statistics/log-loss.ts'
import { nonInferiorityP, pairedDifference, tInterval, type PairedDifference } from '../statistics/paired-difference.ts'
import { requiredSampleSize } from '../statistics/sample-size.ts'
import { signFlipP } from '../statistics/sign-flip.ts'
import { mean } from '../statistics/summation.ts'

const options = {
  against: Type.Union([Type.Literal('champion'), Type.Literal('anchor')]),
  margin: Type.Number({ exclusiveMinimum: 0, description: 'as a share of the reference’s log loss: 0.02 is 2 %' }),
  alpha: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 0.5, default: 0.05 })),
}
type Settings = Required<Static<TObject<typeof options>>>

/** Under this many examples the mean of skewed losses is not yet normal: signs are flipped instead of trusting t. */
const minForT = 200
/** Fewest examples for a WARN, whatever the spread: a handful that happen to agree have none. */
const minForWarn = 30
/** A share of a smaller loss than this (mean confidence 99.9 %) would be no margin at all. */
const smallestReferenceLoss = 1e-3

/**
 * Checks 6 and 7: is the model no worse than the champion (or the anchor, against slow drift) by more than a margin?
 * Paired log loss on the gate set: δ = mean(loss_reference − loss_candidate), higher is better; margin
 * m = `margin` × the reference's mean log loss; [L, U] at 1 − 2·alpha. PASS when L > −m. BLOCK when U < 0 and δ ≤ −m:
 * worse beyond chance and by enough to matter. Else WARN when n is enough to have told and δ > −m. Else
 * NOT_ENOUGH_DATA. Under 200 examples sign flips at level alpha say whether L > −m and U < 0.
 */
export const noRegression = policy({
  options,
  variant: ({ against }) => against,
  make: ({ against, margin, alpha = 0.05 }): GateCheck => ({
    name: 'no-regression',
    integrity: false,
    async judge(evaluation: Evaluation): Promise<CheckResult> {
      const pair = await comparedWith(evaluation, against)
      if ('reason' in pair) return resultOf('no-regression', pair)
      return resultOfRow(
        'no-regression',
        compare(pair, { against, margin, alpha, seed: `${evaluation.seed}/${against}` }),
      )
    },
  }),
})

function compare(pair: Pair, { against, margin, alpha, seed }: Settings & { seed: string }): CheckRow {
  const metric = `log loss against ${against}`
  const ofCandidate = logLosses(pair.candidate)
  const ofReference = logLosses(pair.reference)
  const differences = ofReference.map((loss, i) => loss - (ofCandidate[i] ?? NaN))
  const n = differences.length
  if (n < 2) return { metric, verdict: 'NOT_ENOUGH_DATA', reason: `${n} examples cannot show a difference.`, n }

  const m = margin * Math.max(mean(ofReference), smallestReferenceLoss)
  const difference = pairedDifference(differences)
  const interval = tInterval(difference, alpha)
  const nRequired = Math.max(minForWarn, requiredSampleSize({ sd: difference.sd, margin: m, alpha }))
  const evidence = n < minForT ? flipSigns(differences, m, seed) : trustT(difference, m)
  const verdict = generalRule({
    estimate: difference.mean,
    margin: m,
    isAboveMargin: evidence.pWorseByMargin < alpha,
    isHarm: evidence.pNotWorse < alpha,
    n,
    nRequired,
  })
  const figures = `log loss ${nats(mean(ofCandidate))}, ${against} ${nats(mean(ofReference))}, margin ${nats(m)}, ${n} examples`
  return {
    metric,
    verdict,
    reason: `${meaning[verdict](against)} (${figures}).`,
    estimate: difference.mean,
    interval,
    level: 1 - 2 * alpha,
    n,
    nRequired,
    test: evidence.test,
    p: evidence.pWorseByMargin,
    margin: m,
    samples: { set: 'gate', where: [], order: 'regression' },
  }
}

/** p-values of "worse by the margin or more" (small: surely not that bad) and of "not worse" (small: surely worse). */
interface Evidence {
  readonly test: string
  readonly pWorseByMargin: number
  readonly pNotWorse: number
}

/** p < alpha says the same as L > −m, and as U < 0. */
function trustT(difference: PairedDifference, margin: number): Evidence {
  return {
    test: 'paired t',
    pWorseByMargin: nonInferiorityP(difference, margin),
    pNotWorse: nonInferiorityP({ ...difference, mean: -difference.mean }, 0),
  }
}

function flipSigns(differences: Float64Array, margin: number, seed: string): Evidence {
  const raised = differences.map((each) => each + margin)
  const turned = differences.map((each) => -each)
  const rng = makeRng(seed)
  return {
    test: 'sign-flip permutation',
    pWorseByMargin: signFlipP(raised, rng.fork('worse by the margin')),
    pNotWorse: signFlipP(turned, rng.fork('not worse')),
  }
}

const meaning: Readonly<Record<RuledVerdict, (against: string) => string>> = {
  PASS: (against) => `No worse than the ${against} by the margin, beyond chance`,
  BLOCK: (against) => `Worse than the ${against}, beyond chance and by the margin or more`,
  WARN: (against) => `Probably no worse than the ${against} by the margin, but not beyond chance`,
  NOT_ENOUGH_DATA: (against) => `Too few examples to tell whether it is worse than the ${against} by the margin`,
}
