import type { CheckResult, CheckRow } from '@panal/client-core'
import { Type } from 'typebox'
import { policy } from '../../policy.ts'
import type { Evaluation, GateCheck, Predictions } from '../contract.ts'
import { percent, resultOfRow } from '../say.ts'
import { numCorrect } from '../statistics/accuracy.ts'
import { wilsonOneSided } from '../statistics/wilson.ts'

const alpha = 0.05

/**
 * Check 5: is the model good enough as such? Accuracy on the gate set with Wilson's one-sided 95 % bounds L and U:
 * PASS when L ≥ min, BLOCK when U < min, else WARN. No examples → NOT_ENOUGH_DATA.
 */
export const floor = policy({
  options: { metric: Type.Literal('accuracy'), min: Type.Number({ minimum: 0, maximum: 1 }) },
  make: ({ min }): GateCheck => ({
    name: 'floor',
    integrity: false,
    async judge({ candidate }: Evaluation): Promise<CheckResult> {
      const predictions = await candidate.on('gate')
      return resultOfRow('floor', judgeAccuracy(predictions, min))
    },
  }),
})

function judgeAccuracy(predictions: Predictions, min: number): CheckRow {
  const n = predictions.labels.length
  const about = { metric: 'accuracy', n, test: 'Wilson score, one-sided 95 %', level: 1 - 2 * alpha } as const
  if (n === 0) return { ...about, verdict: 'NOT_ENOUGH_DATA', reason: 'The gate set has no examples.' }
  const right = numCorrect(predictions)
  const estimate = right / n
  const interval = wilsonOneSided(right, n, alpha)
  const [lower, upper] = interval
  const verdict = lower >= min ? 'PASS' : upper < min ? 'BLOCK' : 'WARN'
  const found = `Accuracy ${percent(estimate)} on ${n} examples (between ${percent(lower)} and ${percent(upper)})`
  const meaning = {
    PASS: `is surely at least the floor of ${percent(min)}.`,
    BLOCK: `is surely under the floor of ${percent(min)}.`,
    WARN: `may be over or under the floor of ${percent(min)}.`,
  }
  const samples = { set: 'gate', where: [], candidate: 'wrong', order: 'loss' } as const
  return { ...about, verdict, reason: `${found} ${meaning[verdict]}`, estimate, interval, samples }
}
