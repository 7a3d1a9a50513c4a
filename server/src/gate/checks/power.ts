import type { CheckResult, CheckRow } from '@panal/client-core'
import { Type } from 'typebox'
import { policy } from '../../policy.ts'
import { changesOf, comparedWith, outcomesOf, type Pair } from '../compared.ts'
import type { Evaluation, GateCheck } from '../contract.ts'
import { count, points, resultOf } from '../say.ts'
import { segmentPower, upperDiscordance, worthOf, type SegmentPower } from '../segment-power.ts'
import { declaredSegments } from '../segments.ts'
import { effectiveSample } from '../statistics/clusters.ts'
import { discordance } from '../statistics/discordance.ts'
import { minimumDetectable, requiredForDiscordance } from '../statistics/sample-size.ts'

const alpha = 0.05
const power = 0.8

/**
 * Check 3: could the gate set show a harm at all? From how often champion and candidate differ (its upper bound) follows
 * how many examples a margin needs, and which fall of accuracy each segment's examples would show. Segments with enough
 * are `gating`; in the others a harm may go unseen. NOT_ENOUGH_DATA where the whole set is too small for `margin`.
 */
export const powerPreflight = policy({
  options: {
    margin: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 0.01, description: 'of accuracy, over the whole set' }),
    ),
    detectable: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 1,
        default: 0.1,
        description: 'the fall of accuracy that a segment’s examples must be able to show for it to gate',
      }),
    ),
  },
  make: ({ margin = 0.01, detectable = 0.1 }): GateCheck => ({
    name: 'power',
    integrity: false,
    judges: false,
    critical: false,
    async judge(evaluation: Evaluation): Promise<CheckResult> {
      const pair = await comparedWith(evaluation, 'champion')
      if ('reason' in pair) return resultOf('power', pair)
      const examples = await evaluation.examples('gate')
      const { clusters } = examples
      const whole = wholeRow(pair, margin, clusters)
      const segments = declaredSegments(evaluation.document.segments, examples)
      const found = segmentPower(outcomesOf(pair), segments, { detectable, clusters })
      const rows = [whole, ...found.map((each) => segmentRow(each, detectable))]
      const gating = found.filter(({ isGating }) => isGating).length
      const ofSegments = found.length === 0 ? '' : ` ${gating} of ${count(found.length, 'segment')} can gate.`
      return resultOf('power', { verdict: whole.verdict, reason: `${whole.reason}${ofSegments}` }, rows)
    },
  }),
})

function wholeRow(pair: Pair, margin: number, clusters: ArrayLike<number> | undefined): CheckRow {
  const counts = discordance(pair.candidate, pair.reference)
  const { n } = counts
  const about = { metric: 'power', n, margin } as const
  if (n === 0) return { ...about, verdict: 'NOT_ENOUGH_DATA', reason: 'The gate set has no examples.' }
  const effect = clusters === undefined ? 1 : effectiveSample(changesOf(pair), clusters, alpha).designEffect
  const psi = upperDiscordance(worthOf(counts, effect), alpha)
  const nRequired = Math.ceil(effect * requiredForDiscordance({ discordance: psi, margin, alpha, power }))
  const mdd = minimumDetectable(n / effect, psi, { alpha, power })
  const worth = effect === 1 ? '' : `, worth ${(n / effect).toFixed(0)} independent ones,`
  const found = `${n} examples${worth} show a fall of accuracy by ${points(mdd).slice(1)}`
  const enough = n >= nRequired
  return {
    ...about,
    nRequired,
    discordance: psi,
    mdd,
    verdict: enough ? 'PASS' : 'NOT_ENOUGH_DATA',
    reason: enough ? `${found}.` : `${found}; ${points(margin).slice(1)} would need ${nRequired}.`,
  }
}

function segmentRow({ segment, counts, nRequired, mdd, isGating }: SegmentPower, detectable: number): CheckRow {
  const { name, where } = segment
  const { n } = counts
  return {
    metric: 'power',
    segment: name,
    n,
    nRequired,
    margin: detectable,
    ...(mdd !== undefined && { mdd }),
    verdict: isGating ? 'PASS' : 'NOT_ENOUGH_DATA',
    reason: isGating
      ? `Gating: its ${n} examples would show a fall by ${points(mdd ?? detectable).slice(1)}.`
      : `A fall by ${points(detectable).slice(1)} may go unseen: ${count(n, 'example')}, and it needs ${nRequired}.`,
    samples: { set: 'gate', where, order: 'regression' },
  }
}
