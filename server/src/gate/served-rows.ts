import type { CheckRow } from '@panal/client-core'
import type { Pair } from './compared.ts'
import { ruleOn, type RuledVerdict } from './general-rule.ts'
import { lossDifference, type DifferenceOptions, type Measured, type Unmeasured } from './metric-differences.ts'
import { accuracyDifferenceBetween } from './paired-accuracy.ts'
import { nats, percent, toleratedRise } from './say.ts'
import { logLosses } from './statistics/log-loss.ts'

/** What answers are compared with. */
interface Compared {
  readonly metric: string
  /** What is measured, and of what else: `log loss 0.5, champion 0.4`. */
  readonly title: string
  readonly of: string
  /** In a sentence: `the champion as it is served`. */
  readonly reference: string
  readonly show: (value: number) => string
  readonly tolerates: (margin: number) => string
}

const byShare = {
  show: percent,
  tolerates: (margin: number) => `it may fall by ${(100 * margin).toFixed(2)} points`,
} as const

const champion = { of: 'champion', reference: 'the champion as it is served' } as const

/** The answers that would be served against the champion's that are, by log loss. */
export const servedLossRow = ({ candidate, reference }: Pair, options: DifferenceOptions): CheckRow =>
  rowOf(
    {
      metric: 'served log loss against champion',
      title: 'log loss',
      ...champion,
      show: nats,
      tolerates: (margin) => toleratedRise(margin, options.margin, 'the champion’s'),
    },
    lossDifference({ candidate: logLosses(candidate), reference: logLosses(reference) }, options),
  )

/** The same by accuracy. */
export const servedAccuracyRow = (pair: Pair, options: DifferenceOptions): CheckRow =>
  rowOf(
    { metric: 'served accuracy against champion', title: 'accuracy', ...champion, ...byShare },
    accuracyDifferenceBetween(pair, options),
  )

/** What a calibrator that may change answers does to the model's own. */
export const calibratedAccuracyRow = (pair: Pair, options: DifferenceOptions): CheckRow =>
  rowOf(
    {
      metric: 'served accuracy against as trained',
      title: 'accuracy',
      of: 'as trained',
      reference: 'the model as trained',
      ...byShare,
    },
    accuracyDifferenceBetween(pair, options),
  )

function rowOf({ metric, title, of, reference, show, tolerates }: Compared, measured: Measured | Unmeasured): CheckRow {
  if ('because' in measured)
    return { metric, n: measured.n, verdict: 'NOT_ENOUGH_DATA', reason: `Cannot be told: ${measured.because}.` }
  const verdict = ruleOn(measured)
  const note = measured.note === undefined ? '' : `, ${measured.note}`
  const figures = `${title} ${show(measured.candidate)}, ${of} ${show(measured.reference)}; ${tolerates(measured.comparison.margin)}${note}`
  return {
    metric,
    ...measured.numbers,
    verdict,
    reason: `${meaning[verdict](reference)} (${figures}).`,
    samples: { set: 'gate', where: [], order: 'regression' },
  }
}

const meaning: Readonly<Record<RuledVerdict, (reference: string) => string>> = {
  PASS: (reference) => `As served, no worse than ${reference} by the margin, beyond chance`,
  WARN: (reference) => `As served, probably no worse than ${reference} by the margin, but not beyond chance`,
  NOT_ENOUGH_DATA: (reference) => `Too few examples to tell whether it is worse, as served, than ${reference}`,
  BLOCK: (reference) => `As served, worse than ${reference}, beyond chance and by the margin or more`,
}
