import type { CheckResult, CheckRow, SuperiorityClaim } from '@panal/client-core'
import { Type } from 'typebox'
import { policy } from '../../policy.ts'
import { when } from '../../registry/document-errors.ts'
import { comparedWith, type Pair, type ReferenceName } from '../compared.ts'
import type { Evaluation, GateCheck } from '../contract.ts'
import { aucDifferenceOf } from '../area-differences.ts'
import { ruleOn, type RuledVerdict } from '../general-rule.ts'
import { macroF1Difference } from '../macro-f1-differences.ts'
import {
  lossDifference,
  smallestReferenceLoss,
  type DifferenceOptions,
  type Measured,
  type Unmeasured,
} from '../metric-differences.ts'
import { accuracyDifferenceBetween } from '../paired-accuracy.ts'
import { nats, percent, pValue, resultOf, resultOfRow, toleratedRise } from '../say.ts'
import { logLosses } from '../statistics/log-loss.ts'
import { nextLevel } from '../statistics/online-testing.ts'

/** How a metric is called, measured, shown, and how much worse is acceptable unless the task says so. */
interface MetricKind {
  readonly title: string
  readonly margin: number
  readonly show: (value: number) => string
  /** What its margin lets pass, in words; `whose` a share of it is. */
  readonly tolerates: (margin: number, share: number, whose: string) => string
  readonly measure: (pair: Pair, options: DifferenceOptions) => Measured | Unmeasured
}

const decimal = (value: number): string => value.toFixed(4)
const fallOf = (margin: number): string => `it may fall by ${decimal(margin)}`

const metrics = {
  'log-loss': {
    title: 'log loss',
    margin: 0.02,
    show: nats,
    tolerates: toleratedRise,
    measure: ({ candidate, reference }, options) =>
      lossDifference({ candidate: logLosses(candidate), reference: logLosses(reference) }, options),
  },
  accuracy: {
    title: 'accuracy',
    margin: 0.01,
    show: percent,
    tolerates: (margin) => `it may fall by ${(100 * margin).toFixed(2)} points`,
    measure: accuracyDifferenceBetween,
  },
  auc: { title: 'AUC', margin: 0.01, show: decimal, tolerates: fallOf, measure: aucDifferenceOf },
  'macro-f1': { title: 'macro F1', margin: 0.01, show: decimal, tolerates: fallOf, measure: macroF1Difference },
} as const satisfies Readonly<Record<string, MetricKind>>
type MetricName = keyof typeof metrics

/**
 * Checks 6 and 7: is the model no worse than the champion (or the anchor, against slow drift) by more than a margin? The
 * general rule on a paired difference over the gate set. Log loss is the primary metric: it has the most power.
 * Against the anchor it says as well whether the model is *better*, at the level that the ledger of claims leaves.
 */
export const noRegression = policy({
  options: {
    against: Type.Union([Type.Literal('champion'), Type.Literal('anchor')]),
    metric: Type.Optional(
      Type.Union([Type.Literal('log-loss'), Type.Literal('accuracy'), Type.Literal('auc'), Type.Literal('macro-f1')], {
        default: 'log-loss',
      }),
    ),
    margin: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        description:
          'of log loss a share of the reference’s (0.02, the default, is 2 %); of the others a difference (default 0.01)',
      }),
    ),
    alpha: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 0.5, default: 0.05 })),
  },
  variant: ({ against, metric = 'log-loss' }) => `${against} ${metric}`,
  misfits: ({ metric }, { data }) =>
    when(metric === 'auc' && data.classes.length !== 2, '/metric', 'auc needs 2 classes'),
  make: ({ against, metric = 'log-loss', margin = metrics[metric].margin, alpha = 0.05 }): GateCheck => ({
    name: 'no-regression',
    variant: `${against}, ${metrics[metric].title}`,
    integrity: false,
    async judge(evaluation: Evaluation): Promise<CheckResult> {
      const pair = await comparedWith(evaluation, against)
      if ('reason' in pair) return resultOf('no-regression', pair)
      const { clusters } = await evaluation.examples('gate')
      const seed = `${evaluation.seed}/no-regression/${against}`
      const measured = metrics[metric].measure(pair, { margin, alpha, seed, clusters })
      const row = rowOf({ metric, against, share: margin }, measured)
      if ('because' in measured || against !== 'anchor' || metric !== 'log-loss')
        return resultOfRow('no-regression', row)
      const { claimRow, claim } = superiority(measured, nextLevel(evaluation.looks?.claims ?? []))
      return { ...resultOf('no-regression', row, [row, claimRow]), claim }
    },
  }),
})

interface Asked {
  readonly metric: MetricName
  readonly against: ReferenceName
  /** The margin as the task gives it: of log loss a share of the reference's. */
  readonly share: number
}

function rowOf({ metric, against, share }: Asked, measured: Measured | Unmeasured): CheckRow {
  const { title, show, tolerates } = metrics[metric]
  const about = { metric: `${title} against ${against}` }
  if ('because' in measured)
    return { ...about, n: measured.n, verdict: 'NOT_ENOUGH_DATA', reason: `Cannot be told: ${measured.because}.` }
  const verdict = ruleOn(measured)
  const { n, margin } = measured.comparison
  const note = measured.note === undefined ? '' : `, ${measured.note}`
  const whose =
    measured.reference < smallestReferenceLoss ? `a loss of ${nats(smallestReferenceLoss)}` : `the ${against}’s`
  const figures = `${title} ${show(measured.candidate)}, ${against} ${show(measured.reference)}; ${tolerates(margin, share, whose)}; ${n} examples${note}`
  return {
    ...about,
    ...measured.numbers,
    verdict,
    reason: `${meaning[verdict](against)} (${figures}).`,
    samples: { set: 'gate', where: [], order: 'regression' },
  }
}

const meaning: Readonly<Record<RuledVerdict, (against: ReferenceName) => string>> = {
  PASS: (against) => `No worse than the ${against} by the margin, beyond chance`,
  BLOCK: (against) => `Worse than the ${against}, beyond chance and by the margin or more`,
  WARN: (against) => `Probably no worse than the ${against} by the margin, but not beyond chance`,
  NOT_ENOUGH_DATA: (against) => `Too few examples to tell whether it is worse than the ${against} by the margin`,
}

/** Whether the candidate may become the anchor. Never holds it: not being better is no fault. */
function superiority({ gainP, numbers }: Measured, level: number): { claimRow: CheckRow; claim: SuperiorityClaim } {
  const accepted = gainP < level
  const { margin: _, nRequired: __, ...rest } = numbers
  const found = `${pValue(gainP)}, and the claims so far leave a level of ${level.toPrecision(3)}`
  const reason = accepted
    ? `Better than the anchor (${found}): once promoted it is the new anchor.`
    : `Not shown to be better than the anchor (${found}), so the anchor stays.`
  const claimRow: CheckRow = { ...rest, metric: 'log loss better than anchor', p: gainP, verdict: 'PASS', reason }
  return { claimRow, claim: { p: gainP, level, accepted } }
}
