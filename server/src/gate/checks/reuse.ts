import type { CheckResult, CheckRow } from '@panal/client-core'
import { Type } from 'typebox'
import { policy } from '../../policy.ts'
import type { Evaluation, GateCheck } from '../contract.ts'
import { percent, resultOf } from '../say.ts'
import { accuracy } from '../statistics/accuracy.ts'
import { ladderStep, roundToLadder } from '../statistics/ladder.ts'

/** Of the limit, from where on people are told to prepare another set. */
const nearlyWornOut = 0.8

/**
 * Check 17: how often has this gate set been looked at? Each verdict tells a little of it, and training goes by verdicts:
 * after hundreds a model may fit the set and not the world. WARN from 80 % of `maxLooks`, NOT_ENOUGH_DATA (which holds)
 * once they are spent. Says also the accuracy that may be told: rounded as the Ladder rounds.
 */
export const reuse = policy({
  options: {
    maxLooks: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000_000, default: 200, description: 'judgements by one gate set' }),
    ),
  },
  make: ({ maxLooks = 200 }): GateCheck => ({
    name: 'reuse',
    integrity: false,
    judges: false,
    async judge({ looks, candidate }: Evaluation): Promise<CheckResult> {
      if (looks === null)
        return resultOf('reuse', {
          verdict: 'NOT_APPLICABLE',
          reason: 'Only predictions were recorded, and nobody counts how often their examples are looked at.',
        })
      const spent = looksRow(looks.numLooks, maxLooks)
      const predictions = await candidate.on('gate')
      const n = predictions.labels.length
      return resultOf('reuse', spent, [spent, ...(n === 0 ? [] : [scoreRow(accuracy(predictions), n)])])
    },
  }),
})

function looksRow(earlier: number, limit: number): CheckRow {
  const about = { metric: 'looks at the gate set', estimate: earlier + 1, margin: limit } as const
  if (earlier >= limit)
    return {
      ...about,
      verdict: 'NOT_ENOUGH_DATA',
      reason: `The gate set has been looked at ${earlier} times, and ${limit} are all it is good for: the task needs another.`,
    }
  const found = `This is look ${earlier + 1} of ${limit} at the gate set`
  return earlier + 1 > nearlyWornOut * limit
    ? { ...about, verdict: 'WARN', reason: `${found}: prepare another.` }
    : { ...about, verdict: 'PASS', reason: `${found}.` }
}

function scoreRow(score: number, n: number): CheckRow {
  const step = ladderStep(n)
  const told = roundToLadder(score, n)
  return {
    metric: 'accuracy, as it may be told',
    estimate: told,
    margin: step,
    n,
    test: 'Ladder',
    verdict: 'PASS',
    reason: `Accuracy on the gate set, rounded to steps of ${percent(step)}, is ${percent(told)}.`,
  }
}
