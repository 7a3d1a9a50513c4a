import type { CheckResult, CheckRow } from '@panal/client-core'
import { Type } from 'typebox'
import { policy } from '../../policy.ts'
import { comparedWith } from '../compared.ts'
import type { Evaluation, GateCheck } from '../contract.ts'
import { comparePopulations } from '../differing-populations.ts'
import { maskedHarm, reversedAreas } from '../masked-harm.ts'
import { resultOf } from '../say.ts'
import { stratifiersOf } from '../stratifiers.ts'

/**
 * Check 10: does the whole say otherwise than its parts? On one set: WARN where a stratum is worse beyond chance and all
 * together are not, and where AUC reverses. Where the champion was measured on other examples: the verdict is that of the
 * difference adjusted for the mix by which the two differ most, never that of totals. Strata: the declared segments, their columns in pairs,
 * and clients.
 */
export const masking = policy({
  options: {
    alpha: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 0.5, default: 0.05, description: 'Holm over stratifiers' }),
    ),
    margin: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 0.02, description: 'a fall of accuracy that matters' }),
    ),
  },
  make: ({ alpha = 0.05, margin = 0.02 }): GateCheck => ({
    name: 'masking',
    integrity: false,
    judges: false,
    async judge(evaluation: Evaluation): Promise<CheckResult> {
      const { segments } = evaluation.document
      const elsewhere = await evaluation.champion?.elsewhere?.()
      if (elsewhere !== undefined) {
        const candidate = {
          examples: await evaluation.examples('gate'),
          predictions: await evaluation.candidate.on('gate'),
        }
        return summarise(comparePopulations({ candidate, reference: elsewhere }, segments, { alpha, margin }))
      }
      const pair = await comparedWith(evaluation, 'champion')
      if ('reason' in pair) return resultOf('masking', pair)
      const examples = await evaluation.examples('gate')
      const stratifiers = stratifiersOf(segments, examples)
      if (stratifiers.length === 0)
        return resultOf('masking', {
          verdict: 'NOT_APPLICABLE',
          reason: 'The task declares no segments to look behind, and does not say whose the examples are.',
        })
      const settings = { alpha, margin, seed: `${evaluation.seed}/masking`, clusters: examples.clusters }
      const rows = [...maskedHarm(pair, stratifiers, settings), ...reversedAreas(pair, stratifiers, settings)]
      // What is too small to be told hides nothing that could be found.
      return summarise(rows, ['BLOCK', 'WARN'])
    },
  }),
})

function summarise(
  rows: readonly CheckRow[],
  telling: readonly CheckRow['verdict'][] = ['BLOCK', 'NOT_ENOUGH_DATA', 'WARN'],
) {
  if (rows.length === 0)
    return resultOf('masking', { verdict: 'NOT_ENOUGH_DATA', reason: 'There are no examples to compare.' })
  const worst = telling.map((verdict) => rows.find((row) => row.verdict === verdict)).find((row) => row !== undefined)
  const nothing = { verdict: 'PASS', reason: 'The whole says nothing else than its parts.' } as const
  return resultOf('masking', worst ?? nothing, rows)
}
