import type { CheckResult, CheckRow } from '@panal/client-core'
import { Type } from 'typebox'
import { policy } from '../../policy.ts'
import { when } from '../../registry/document-errors.ts'
import type { Evaluation, GateCheck } from '../contract.ts'
import {
  accuracyLevel,
  aucLevel,
  balancedAccuracyLevel,
  brierLevel,
  logLossLevel,
  macroF1Level,
  type Level,
} from '../metric-levels.ts'
import type { Unmeasured } from '../measured.ts'
import { percent, resultOfRow } from '../say.ts'

const alpha = 0.05
const decimal = (value: number): string => value.toFixed(4)

/** Limits are floors, but for losses, where they are ceilings. */
const metrics = {
  accuracy: { title: 'accuracy', limit: 'min', show: percent, measure: accuracyLevel },
  'balanced-accuracy': { title: 'balanced accuracy', limit: 'min', show: percent, measure: balancedAccuracyLevel },
  'macro-f1': { title: 'macro F1', limit: 'min', show: decimal, measure: macroF1Level },
  auc: { title: 'AUC', limit: 'min', show: decimal, measure: aucLevel },
  'log-loss': { title: 'log loss', limit: 'max', show: decimal, measure: logLossLevel },
  brier: { title: 'Brier score', limit: 'max', show: decimal, measure: brierLevel },
} as const
type MetricName = keyof typeof metrics

/**
 * Check 5: is the model good enough as such? A metric on the gate set with one-sided 95 % bounds L and U: PASS when
 * L ≥ min, BLOCK when U < min, else WARN; of losses the same about a `max`. Undefined → NOT_ENOUGH_DATA.
 */
export const floor = policy({
  options: {
    metric: Type.Union([
      Type.Literal('accuracy'),
      Type.Literal('balanced-accuracy'),
      Type.Literal('macro-f1'),
      Type.Literal('auc'),
      Type.Literal('log-loss'),
      Type.Literal('brier'),
    ]),
    min: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'of every metric but log-loss and brier' })),
    max: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'of log-loss and brier' })),
  },
  variant: ({ metric }) => metric,
  misfits: (options, { data }) => {
    const { limit } = metrics[options.metric]
    return [
      ...when(options[limit] === undefined, `/${limit}`, 'is missing'),
      ...when(limit === 'min' && options.max !== undefined, '/max', `is no limit of ${options.metric}`),
      ...when(limit === 'max' && options.min !== undefined, '/min', `is no limit of ${options.metric}`),
      ...when(options.metric === 'auc' && data.classes.length !== 2, '/metric', 'auc needs 2 classes'),
    ]
  },
  make: ({ metric, ...limits }): GateCheck => ({
    name: 'floor',
    variant: metrics[metric].title,
    integrity: false,
    async judge(evaluation: Evaluation): Promise<CheckResult> {
      const predictions = await evaluation.candidate.on('gate')
      if (predictions.labels.length === 0)
        return resultOfRow('floor', rowOf(metric, limits, { n: 0, because: 'the gate set has no examples' }))
      const { clusters } = await evaluation.examples('gate')
      const seed = `${evaluation.seed}/floor`
      return resultOfRow(
        'floor',
        rowOf(metric, limits, metrics[metric].measure(predictions, { alpha, seed, clusters })),
      )
    },
  }),
})

function rowOf(
  metric: MetricName,
  limits: { readonly min?: number; readonly max?: number },
  measured: Level | Unmeasured,
): CheckRow {
  const { title, limit: kind, show } = metrics[metric]
  if ('because' in measured)
    return { metric: title, n: measured.n, verdict: 'NOT_ENOUGH_DATA', reason: `Cannot be told: ${measured.because}.` }
  const limit = limits[kind]
  if (limit === undefined) throw new Error(`no ${kind} for ${metric}`) // misfits refuse such a task
  const { n, estimate, interval, test } = measured
  const [lower, upper] = interval
  const isFloor = kind === 'min'
  const passes = isFloor ? lower >= limit : upper <= limit
  const fails = isFloor ? upper < limit : lower > limit
  const verdict = passes ? 'PASS' : fails ? 'BLOCK' : 'WARN'
  const found = `${title.charAt(0).toUpperCase()}${title.slice(1)} ${show(estimate)} on ${n} examples (between ${show(lower)} and ${show(upper)})`
  const named = `the ${isFloor ? 'floor' : 'ceiling'} of ${show(limit)}`
  const meaning = {
    PASS: `is surely at ${isFloor ? 'least' : 'most'} ${named}.`,
    BLOCK: `is surely ${isFloor ? 'under' : 'over'} ${named}.`,
    WARN: `may be over or under ${named}.`,
  }
  return {
    metric: title,
    estimate,
    interval,
    level: 1 - 2 * alpha,
    n,
    margin: limit,
    test: `${test}, one-sided 95 %`,
    verdict,
    reason: `${found} ${meaning[verdict]}`,
    samples: { set: 'gate', where: [], candidate: 'wrong', order: 'loss' },
  }
}
