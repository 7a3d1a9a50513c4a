import type { CheckResult, CheckRow } from '@panal/client-core'
import { Type } from 'typebox'
import { policy } from '../../policy.ts'
import type { Evaluation, GateCheck, Predictions } from '../contract.ts'
import { resultOf, resultOfRow } from '../say.ts'

/**
 * Check 2: does the model answer the same twice? The gate set is run again, whatever was kept of the first pass: BLOCK
 * where a probability differs by more than `tolerance`, for no verdict about such a model could be repeated.
 */
export const determinism = policy({
  options: {
    tolerance: Type.Optional(
      Type.Number({ minimum: 0, maximum: 0.01, default: 1e-6, description: 'largest difference of a probability' }),
    ),
  },
  make: ({ tolerance = 1e-6 }): GateCheck => ({
    name: 'determinism',
    integrity: false,
    judges: false,
    async judge({ candidate }: Evaluation): Promise<CheckResult> {
      if (candidate.again === undefined)
        return resultOf('determinism', {
          verdict: 'NOT_APPLICABLE',
          reason: 'Only predictions were recorded, so the model cannot be run again.',
        })
      const first = await candidate.on('gate')
      return resultOfRow('determinism', compare(first, await candidate.again('gate'), tolerance))
    },
  }),
})

function compare(first: Predictions, second: Predictions, tolerance: number): CheckRow {
  const n = first.labels.length
  const about = { metric: 'largest difference between two passes', n, margin: tolerance, test: 'two passes' } as const
  if (n === 0) return { ...about, verdict: 'NOT_ENOUGH_DATA', reason: 'The gate set has no examples.' }
  if (first.probabilities.length !== second.probabilities.length)
    return { ...about, verdict: 'BLOCK', reason: 'The second pass over the gate set gave another number of answers.' }
  const largest = first.probabilities.reduce((most, p, i) => Math.max(most, Math.abs(p - second.probabilities[i]!)), 0)
  if (largest === 0) return { ...about, estimate: 0, verdict: 'PASS', reason: 'Two passes agree to the last bit.' }
  const found = `Two passes differ by up to ${largest.toExponential(1)} in a probability`
  return largest <= tolerance
    ? { ...about, estimate: largest, verdict: 'PASS', reason: `${found}, which is rounding.` }
    : {
        ...about,
        estimate: largest,
        verdict: 'BLOCK',
        reason: `${found}: no verdict about this model can be repeated.`,
      }
}
