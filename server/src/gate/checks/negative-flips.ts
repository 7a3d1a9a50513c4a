import type { CheckResult, CheckRow } from '@panal/client-core'
import { Type } from 'typebox'
import { policy } from '../../policy.ts'
import { when } from '../../registry/document-errors.ts'
import { changesOf, comparedWith } from '../compared.ts'
import type { Evaluation, GateCheck } from '../contract.ts'
import { blockLevel } from '../general-rule.ts'
import { percent, resultOf, resultOfRow } from '../say.ts'
import { clopperPearson } from '../statistics/clopper-pearson.ts'
import { boundsTest, countCases } from '../violation-rate.ts'

const alpha = 0.05

/**
 * Check 8: on how many examples was the champion right, and the candidate is not? People notice what stopped working,
 * also where as much was gained elsewhere. With exact one-sided 95 % bounds L and U of the share: PASS when U ≤ `warn`,
 * BLOCK when L > `block`; else WARN, or NOT_ENOUGH_DATA with so few examples that even no flip at all could not pass.
 */
export const negativeFlips = policy({
  options: {
    warn: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 0.05 })),
    block: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 0.1 })),
  },
  misfits: ({ warn = 0.05, block = 0.1 }) =>
    when(block < warn, '/block', `must be at least ${warn}, from where it warns`),
  make: ({ warn = 0.05, block = 0.1 }): GateCheck => ({
    name: 'negative-flips',
    integrity: false,
    judges: false,
    critical: false,
    async judge(evaluation: Evaluation): Promise<CheckResult> {
      const pair = await comparedWith(evaluation, 'champion')
      if ('reason' in pair) return resultOf('negative-flips', pair)
      const { clusters } = await evaluation.examples('gate')
      const lost = Uint8Array.from(changesOf(pair), (change) => Number(change < 0))
      const all = new Uint8Array(lost.length).fill(1)
      return resultOfRow('negative-flips', flipRow(countCases(all, lost, clusters), { warn, block }))
    },
  }),
})

function flipRow(counted: ReturnType<typeof countCases>, { warn, block }: { warn: number; block: number }): CheckRow {
  const { numCases: n, numViolations: lost, designEffect = 1 } = counted
  const nRequired = Math.ceil(designEffect * fewestToPass(warn))
  const about = {
    metric: 'negative flips',
    n,
    nRequired,
    margin: warn,
    test: boundsTest(counted),
  } as const
  if (n === 0) return { ...about, verdict: 'NOT_ENOUGH_DATA', reason: 'The gate set has no examples.' }
  const interval = clopperPearson(lost / designEffect, n / designEffect, alpha)
  const [surely] = clopperPearson(lost / designEffect, n / designEffect, blockLevel)
  const estimate = lost / n
  const verdict = interval[1] <= warn ? 'PASS' : surely > block ? 'BLOCK' : n < nRequired ? 'NOT_ENOUGH_DATA' : 'WARN'
  const found = `On ${percent(estimate)} of ${n} examples the champion was right and the candidate is not`
  const meaning = {
    PASS: `at most ${percent(interval[1])}, and ${percent(warn)} are tolerated.`,
    WARN: `up to ${percent(interval[1])}, and ${percent(warn)} are tolerated.`,
    BLOCK: `surely more than the ${percent(block)} that block.`,
    NOT_ENOUGH_DATA: `and ${nRequired} examples are needed to show that it is at most ${percent(warn)}.`,
  }
  return {
    ...about,
    estimate,
    interval,
    level: 1 - 2 * alpha,
    verdict,
    reason: `${found}: ${meaning[verdict]}`,
    samples: {
      set: 'gate',
      where: [],
      candidate: 'wrong',
      reference: { model: 'champion', was: 'right' },
      order: 'regression',
    },
  }
}

/** Examples with which the bound of no flip at all is at most this share: 1 − alpha^(1/n) ≤ share. */
const fewestToPass = (share: number): number => (share >= 1 ? 1 : Math.ceil(Math.log(alpha) / Math.log(1 - share)))
