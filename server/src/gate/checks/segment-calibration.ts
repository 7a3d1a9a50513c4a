import { makeRng, type CheckResult, type CheckRow } from '@panal/client-core'
import { Type } from 'typebox'
import { policy } from '../../policy.ts'
import type { Evaluation, GateCheck, Predictions } from '../contract.ts'
import { count, pValue, resultOf } from '../say.ts'
import { declaredSegments, type Segment } from '../segments.ts'
import { answersAsServed, methodMisfits, methodOption } from '../served.ts'
import { forecastsOfAnswer, type Forecasts } from '../statistics/calibration-error.ts'
import { testCalibration, type CalibrationTest } from '../statistics/calibration-null.ts'
import { spiegelhalter } from '../statistics/cox-calibration.ts'
import { benjaminiHochberg } from '../statistics/multiple-testing.ts'

interface Settings {
  readonly maxExcess: number
  readonly q: number
  /** [numExamples] whose example each is. */
  readonly clusters: ArrayLike<number> | undefined
}

/**
 * Check 13: do the served probabilities mean what they say in each declared segment, too? Per segment the excess of the
 * calibration error over chance, with the smaller p of consistency resampling and of Spiegelhalter's test, doubled; over all
 * segments Benjamini–Hochberg at `q`. WARN where it is beyond that and the excess over `maxExcess`; BLOCK in a critical
 * segment. A segment too small to show such an excess is listed, and not tested.
 */
export const segmentCalibration = policy({
  options: {
    ...methodOption,
    maxExcess: Type.Optional(Type.Number({ minimum: 0, maximum: 1, default: 0.05 })),
    q: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 0.5, default: 0.1, description: 'false discovery rate' }),
    ),
  },
  misfits: ({ method }, { data }) => methodMisfits(method, data),
  make: ({ method = 'temperature', maxExcess = 0.05, q = 0.1 }): GateCheck => ({
    name: 'segment-calibration',
    integrity: false,
    critical: false,
    judges: false,
    async judge(evaluation: Evaluation): Promise<CheckResult> {
      const examples = await evaluation.examples('gate')
      const segments = declaredSegments(evaluation.document.segments, examples)
      if (segments.length === 0)
        return resultOf('segment-calibration', {
          verdict: 'NOT_APPLICABLE',
          reason: 'The task declares no segments.',
        })
      const { served } = await answersAsServed(evaluation, evaluation.candidate, method)
      const settings = { maxExcess, q, clusters: examples.clusters }
      const tested = segments.map((segment) => ({ segment, ...test(segment, served, evaluation.seed, settings) }))
      const { adjusted } = benjaminiHochberg(tested.map(({ p }) => p ?? NaN))
      const rows = tested.map((each, i) => rowOf(each, adjusted[i] ?? undefined, settings))
      return resultOf('segment-calibration', summary(rows), rows)
    },
  }),
})

interface Tested {
  readonly n: number
  readonly found?: CalibrationTest
  /** Absent where the segment is too small to show an excess that matters. */
  readonly p?: number
}

function test({ rows, name }: Segment, served: Predictions, seed: string, { maxExcess, clusters }: Settings): Tested {
  const n = rows.length
  if (n === 0) return { n }
  const forecasts = only(forecastsOfAnswer(served), rows)
  const of = clusters && Int32Array.from(rows, (row) => clusters[row]!)
  const found = testCalibration(forecasts, makeRng(`${seed}/segment-calibration`).fork(name), { clusters: of })
  if (found.null95 - found.nullMean > maxExcess) return { n, found }
  const other = spiegelhalter(forecasts.confidence, forecasts.correct, of)?.p ?? 1
  return { n, found, p: Math.min(1, 2 * Math.min(found.p, other)) }
}

const only = ({ confidence, correct }: Forecasts, rows: Int32Array): Forecasts => ({
  confidence: Float64Array.from(rows, (row) => confidence[row]!),
  correct: Float64Array.from(rows, (row) => correct[row]!),
})

function rowOf(
  { segment, n, found, p }: Tested & { readonly segment: Segment },
  adjustedP: number | undefined,
  { maxExcess, q, clusters }: Settings,
): CheckRow {
  const about = {
    metric: 'expected calibration error',
    segment: segment.name,
    n,
    margin: maxExcess,
    samples: { set: 'gate', where: segment.where, candidate: 'wrong', order: 'loss' },
  } as const
  if (found === undefined) return { ...about, verdict: 'NOT_ENOUGH_DATA', reason: 'The gate set has no such example.' }
  const { error: estimate, nullMean, excess } = found
  if (p === undefined || adjustedP === undefined)
    return {
      ...about,
      estimate,
      verdict: 'NOT_ENOUGH_DATA',
      reason: `With ${count(n, 'example')} chance alone hides an excess of ${maxExcess}.`,
    }
  const isOff = adjustedP <= q && excess > maxExcess
  const verdict = isOff ? (segment.critical ? 'BLOCK' : 'WARN') : 'PASS'
  const figures = `error ${estimate.toFixed(4)}, where chance gives ${nullMean.toFixed(4)}, ${count(n, 'example')}, ${pValue(adjustedP)} corrected`
  const meaning = isOff
    ? 'Answers promise other frequencies than those that come true'
    : 'Answers promise what comes true, as far as chance lets one see'
  return {
    ...about,
    estimate,
    test: `${clusters === undefined ? 'consistency resampling' : 'signs of clients'} and Spiegelhalter, Benjamini–Hochberg`,
    p,
    adjustedP,
    verdict,
    reason: `${meaning} (${figures}).`,
  }
}

function summary(rows: readonly CheckRow[]): Pick<CheckResult, 'verdict' | 'reason'> {
  for (const verdict of ['BLOCK', 'WARN'] as const) {
    const bad = rows.filter((row) => row.verdict === verdict)
    if (bad.length > 0)
      return { verdict, reason: `Off on ${bad.map(({ segment }) => segment).join('; ')}. ${bad[0]!.reason}` }
  }
  const numTested = rows.filter(({ verdict }) => verdict === 'PASS').length
  const ofAll = `${numTested} of ${count(rows.length, 'segment')}`
  return numTested === 0
    ? { verdict: 'NOT_ENOUGH_DATA', reason: 'No segment has enough examples to judge its calibration.' }
    : { verdict: 'PASS', reason: `Nothing is off in ${ofAll} that have enough examples to tell.` }
}
