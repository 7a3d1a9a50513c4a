import type { CheckResult, CheckRow, ForestLine } from '@panal/client-core'
import { Type } from 'typebox'
import { policy } from '../../policy.ts'
import { comparedWith } from '../compared.ts'
import type { Evaluation, GateCheck } from '../contract.ts'
import { count, resultOf } from '../say.ts'
import { declaredSegments } from '../segments.ts'
import { judgeSegments, type JudgedSegment } from '../segment-verdicts.ts'

/**
 * Check 9: is any declared segment worse than it was? Of each that gates: McNemar's one-sided mid-p and paired log loss,
 * Benjamini–Hochberg over segments × metrics. BLOCK where one is significant at `q` and accuracy fell by `margin` or
 * more. A critical segment must be shown to be no worse by `margin` (Holm over the critical ones), or it holds. Segments
 * with too few examples are listed, and nothing is concluded from them.
 */
export const segments = policy({
  options: {
    margin: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 0.02, description: 'a fall of accuracy that matters' }),
    ),
    q: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 0.5, default: 0.05, description: 'false discovery rate' }),
    ),
    alpha: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        exclusiveMaximum: 0.5,
        default: 0.05,
        description: 'of critical segments, over all of them',
      }),
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
  make: ({ margin = 0.02, q = 0.05, alpha = 0.05, detectable = 0.1 }): GateCheck => ({
    name: 'segments',
    integrity: false,
    judges: false,
    async judge(evaluation: Evaluation): Promise<CheckResult> {
      const declared = evaluation.document.segments
      if (declared.length === 0)
        return resultOf('segments', { verdict: 'NOT_APPLICABLE', reason: 'The task declares no segments.' })
      const pair = await comparedWith(evaluation, 'champion')
      if ('reason' in pair) return resultOf('segments', pair)
      const examples = await evaluation.examples('gate')
      const listed = declaredSegments(declared, examples)
      const seed = `${evaluation.seed}/segments`
      return report(
        judgeSegments(pair, listed, { margin, q, alpha, detectable, seed, clusters: examples.clusters }),
        margin,
      )
    },
  }),
})

function report(judged: readonly JudgedSegment[], margin: number): CheckResult {
  const rows = judged.flatMap((each) => each.rows)
  const lines = judged.flatMap(({ name, rows: [row] }) => (row === undefined ? [] : forestLine(name, row)))
  const figures =
    lines.length === 0
      ? []
      : [{ kind: 'forest', title: 'Accuracy by segment, against the champion', unit: 'share', margin, lines } as const]
  return { ...resultOf('segments', summarise(judged), rows), figures }
}

const forestLine = (label: string, { estimate, interval, n, verdict }: CheckRow): ForestLine[] =>
  estimate === undefined || interval === undefined || n === undefined ? [] : [{ label, estimate, interval, n, verdict }]

/** BLOCK > NOT_ENOUGH_DATA of a critical one > WARN > PASS. */
function summarise(judged: readonly JudgedSegment[]): Pick<CheckResult, 'verdict' | 'reason'> {
  const worst = (verdict: JudgedSegment['verdict'], among = judged) => among.find((each) => each.verdict === verdict)
  const blocked = judged.filter(({ verdict }) => verdict === 'BLOCK')
  if (blocked[0] !== undefined) {
    const others = blocked.length === 1 ? '' : ` (and ${count(blocked.length - 1, 'other segment')})`
    return { verdict: 'BLOCK', reason: `Segment ${blocked[0].name}${others}: ${lowerFirst(blocked[0].reason)}` }
  }
  const unknown = worst(
    'NOT_ENOUGH_DATA',
    judged.filter(({ isCritical }) => isCritical),
  )
  if (unknown !== undefined)
    return {
      verdict: 'NOT_ENOUGH_DATA',
      reason: `Segment ${unknown.name}, which is critical: ${lowerFirst(unknown.reason)}`,
    }
  const gating = judged.filter(({ isGating }) => isGating)
  const few = `${count(judged.length - gating.length, 'segment')} of ${judged.length} have too few examples to tell`
  const warned = worst('WARN')
  if (warned !== undefined) return { verdict: 'WARN', reason: `Segment ${warned.name}: ${lowerFirst(warned.reason)}` }
  if (gating.length === 0) return { verdict: 'WARN', reason: `Nothing can be said of segments: ${few}.` }
  const rest = gating.length === judged.length ? '' : `; ${few}`
  return { verdict: 'PASS', reason: `No segment is worse beyond chance and by enough to matter${rest}.` }
}

const lowerFirst = (sentence: string): string => sentence.charAt(0).toLowerCase() + sentence.slice(1)
