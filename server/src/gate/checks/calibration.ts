import {
  makeRng,
  sayCalibrator,
  type Calibrator,
  type CheckResult,
  type CheckRow,
  type Figure,
} from '@panal/client-core'
import { Type } from 'typebox'
import { policy } from '../../policy.ts'
import { mayChangeAnswers, type CalibrationMethod, type RefusedCalibrator } from '../calibrator.ts'
import { referenceOf } from '../compared.ts'
import type { Evaluation, GateCheck, Predictions } from '../contract.ts'
import { count, pValue, resultOf } from '../say.ts'
import { calibratedAccuracyRow, servedAccuracyRow, servedLossRow } from '../served-rows.ts'
import { answersAsServed, harmMargins, methodMisfits, methodOption, type ServedAnswers } from '../served.ts'
import {
  classwiseCalibrationError,
  equalMassBins,
  equalWidthBins,
  expectedCalibrationError,
  forecastsOfAnswer,
  forecastsOfClass,
} from '../statistics/calibration-error.ts'
import { testCalibration } from '../statistics/calibration-null.ts'
import { coxCalibration } from '../statistics/cox-calibration.ts'

interface Settings {
  readonly method: CalibrationMethod
  readonly maxExcess: number
  readonly margin: number
  readonly accuracyMargin: number
}

/** Levels of the tests; a model that is calibrated warns in one of a hundred. */
const level = 0.01
const numBins = 10
const slopes = [0.8, 1.25] as const

/**
 * Check 12: do the probabilities mean what they say, as the model would be served? A calibrator is fitted on the calibration
 * set, becomes part of the model, and the gate set judges the outcome. WARN where the expected calibration error is over
 * that of a perfectly calibrated model by more than `maxExcess`, beyond chance, and where Cox's slope is outside
 * [.8, 1.25], beyond chance. BLOCK where what would be served is worse than the champion as it is served, by log loss or,
 * where a calibrator may change answers, by accuracy: the general rule. WARN where a calibrator was refused.
 */
export const calibration = policy({
  options: {
    ...methodOption,
    maxExcess: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        default: 0.02,
        description: 'calibration error over what chance gives a calibrated model',
      }),
    ),
    margin: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        default: 0.02,
        description: 'as a share of the champion’s log loss: 0.02 is 2 %',
      }),
    ),
    accuracyMargin: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 1,
        default: 0.01,
        description: 'of accuracy as served, against the champion as it is served',
      }),
    ),
  },
  misfits: ({ method }, { data }) => methodMisfits(method, data),
  make: ({ method = 'temperature', maxExcess = 0.02, margin = 0.02, accuracyMargin = 0.01 }): GateCheck => ({
    name: 'calibration',
    integrity: false,
    critical: false,
    judges: false,
    async judge(evaluation: Evaluation): Promise<CheckResult> {
      const answers = await answersAsServed(evaluation, evaluation.candidate, method)
      const settings = { method, maxExcess, margin, accuracyMargin }
      if (answers.raw.labels.length === 0)
        return withCalibrator(answers.calibrator, {
          ...resultOf('calibration', { verdict: 'NOT_ENOUGH_DATA', reason: 'The gate set has no examples.' }),
        })
      const { clusters } = await evaluation.examples('gate')
      const champion = await championAsServed(evaluation, method)
      const rows = [
        ...answers.refused.map(refusedRow),
        calibratorRow(answers),
        errorRow(answers.served, settings, { seed: `${evaluation.seed}/calibration`, clusters }),
        slopeRow(answers.served, clusters !== undefined),
        ...(await comparedRows(evaluation, { answers, champion }, settings)),
        ...reportedRows(answers),
      ]
      const found = resultOf('calibration', summary(rows), rows)
      return withCalibrator(answers.calibrator, { ...found, figures: [reliability(answers, champion?.served)] })
    },
  }),
})

const withCalibrator = (calibrator: Calibrator | null, result: CheckResult): CheckResult =>
  calibrator === null ? result : { ...result, calibrator }

function refusedRow({ refused: method, because }: RefusedCalibrator): CheckRow {
  return {
    metric: `refused: ${nameOf[method]}`,
    verdict: 'WARN',
    reason: `${sentence(nameOf[method])} was fitted and is not served: ${because}. ${method === 'temperature' ? 'Answers are served as trained' : 'A temperature is tried in its place'}; is the calibration set like the gate set?`,
  }
}

const nameOf: Readonly<Record<CalibrationMethod, string>> = {
  temperature: 'a temperature',
  platt: 'Platt’s line',
  isotonic: 'an isotonic curve',
}

const sentence = (words: string): string => words[0]!.toUpperCase() + words.slice(1)

function calibratorRow({ calibrator, numFitted, refused }: ServedAnswers): CheckRow {
  if (calibrator === null)
    return {
      metric: 'calibrator',
      verdict: 'PASS',
      reason: 'No calibration set was set aside, so answers are judged as they are.',
    }
  const isUntold = calibrator.method === 'identity' && !refused.some((each) => each.refused === 'temperature')
  return {
    metric: calibrator.method === 'temperature' ? 'temperature' : 'calibrator',
    ...(calibrator.method === 'temperature' && { estimate: calibrator.temperature }),
    n: numFitted,
    verdict: 'PASS',
    reason: `Calibrator ${sayCalibrator(calibrator)} (${count(numFitted, 'example')} to fit on${isUntold ? ' cannot tell how sure it should be' : ''}).`,
  }
}

function errorRow(
  served: Predictions,
  { maxExcess }: Settings,
  { seed, clusters }: { readonly seed: string; readonly clusters: ArrayLike<number> | undefined },
): CheckRow {
  const { error, excess, nullMean, null95, p } = testCalibration(forecastsOfAnswer(served), makeRng(seed), {
    numBins,
    clusters,
  })
  const isFound = p < level && excess > maxExcess
  // An error that would matter and that chance alone would hide.
  const isBlind = !isFound && null95 - nullMean > maxExcess
  const verdict = isFound ? 'WARN' : isBlind ? 'NOT_ENOUGH_DATA' : 'PASS'
  const meaning = {
    WARN: 'Answers promise other frequencies than those that come true',
    NOT_ENOUGH_DATA: 'Too few examples to tell a calibrated model from one that is not',
    PASS: 'Answers promise what comes true, as far as chance lets one see',
  }
  const figures = `calibration error ${error.toFixed(4)}, where chance gives a calibrated model ${nullMean.toFixed(4)}, ${pValue(p)}`
  return {
    metric: 'expected calibration error',
    estimate: error,
    n: served.labels.length,
    margin: maxExcess,
    test: clusters === undefined ? 'consistency resampling' : 'signs of clients',
    p,
    verdict,
    reason: `${meaning[verdict]} (${figures}).`,
    samples: { set: 'gate', where: [], candidate: 'wrong', order: 'loss' },
  }
}

/** Of the second of two classes; of the answer where there are more. Its test takes examples for independent: it only warns. */
function slopeRow(served: Predictions, areClustered: boolean): CheckRow {
  const { confidence, correct } = served.numClasses === 2 ? forecastsOfClass(served, 1) : forecastsOfAnswer(served)
  const about = { metric: 'Cox slope', n: served.labels.length, test: 'likelihood ratio, 2 df' } as const
  const fit = coxCalibration(confidence, correct)
  if (fit === undefined)
    return {
      ...about,
      verdict: 'NOT_APPLICABLE',
      reason: 'It has no finite value here: one outcome only, or separated.',
    }
  const isOutside = fit.slope < slopes[0] || fit.slope > slopes[1]
  const caution = areClustered ? ', which takes the examples of a client for independent' : ''
  const found = `slope ${fit.slope.toFixed(3)}, in the large ${fit.inTheLarge.toFixed(3)}, ${pValue(fit.p)}${caution}`
  const figures = { ...about, estimate: fit.slope, p: fit.p }
  if (isOutside && fit.p < level)
    return {
      ...figures,
      verdict: 'WARN',
      reason: `Too ${fit.slope < 1 ? '' : 'un'}sure of its answers, beyond chance (${found}).`,
    }
  const meaning = isOutside
    ? 'Outside [0.8, 1.25], and it may be chance'
    : 'About as sure of its answers as it should be'
  return { ...figures, verdict: 'PASS', reason: `${meaning} (${found}).` }
}

/** Undefined where there is no champion on the same examples to compare with, or it is the candidate itself. */
async function championAsServed(evaluation: Evaluation, method: CalibrationMethod): Promise<ServedAnswers | undefined> {
  const champion = referenceOf(evaluation, 'champion')
  return 'reason' in champion ? undefined : answersAsServed(evaluation, champion, method)
}

/** Accuracy only where a calibrator may have changed an answer: else other checks have judged the very same answers. */
async function comparedRows(
  evaluation: Evaluation,
  { answers, champion }: { readonly answers: ServedAnswers; readonly champion: ServedAnswers | undefined },
  { margin, accuracyMargin }: Settings,
): Promise<CheckRow[]> {
  const { raw, served } = answers
  const { clusters } = await evaluation.examples('gate')
  const options = { alpha: 0.05, clusters }
  const seed = `${evaluation.seed}/calibration`
  const rows: CheckRow[] = []
  if (mayChangeAnswers(answers.calibrator))
    rows.push(
      calibratedAccuracyRow(
        { candidate: served, reference: raw },
        { ...options, margin: harmMargins.accuracy, seed: `${seed}/trained` },
      ),
    )
  if (champion === undefined) return rows
  const pair = { candidate: served, reference: champion.served }
  const against = { ...options, seed: `${seed}/champion` }
  rows.push(servedLossRow(pair, { ...against, margin }))
  if (mayChangeAnswers(answers.calibrator) || mayChangeAnswers(champion.calibrator))
    rows.push(servedAccuracyRow(pair, { ...against, margin: accuracyMargin }))
  return rows
}

/** Measured for whoever looks closer, and not judged: they have no null of their own. */
function reportedRows({ raw, served }: ServedAnswers): CheckRow[] {
  const n = served.labels.length
  const row = (metric: string, estimate: number, what: string): CheckRow => ({
    metric,
    estimate,
    n,
    verdict: 'PASS',
    reason: `${what}: ${estimate.toFixed(4)}. Reported, and not judged.`,
  })
  const adaptive = equalMassBins(forecastsOfAnswer(served), numBins)
  return [
    row('error before calibration', errorOf(raw), 'Expected calibration error of the answers as trained'),
    row('classwise error', classwiseCalibrationError(served, numBins), 'Mean over the classes'),
    ...(adaptive === undefined
      ? []
      : [row('adaptive error', expectedCalibrationError(adaptive), 'With as many examples in each bin')]),
  ]
}

const errorOf = (predictions: Predictions): number =>
  expectedCalibrationError(equalWidthBins(forecastsOfAnswer(predictions), numBins))

function reliability({ raw, served, calibrator }: ServedAnswers, champion: Predictions | undefined): Figure {
  const curve = (name: string, predictions: Predictions) => ({
    name,
    bins: equalWidthBins(forecastsOfAnswer(predictions), numBins),
  })
  return {
    kind: 'reliability',
    title: 'How sure, and how often right',
    curves: [
      curve('as served', served),
      ...(calibrator === null ? [] : [curve('as trained', raw)]),
      ...(champion === undefined ? [] : [curve('champion', champion)]),
    ],
  }
}

function summary(rows: readonly CheckRow[]): Pick<CheckResult, 'verdict' | 'reason'> {
  const worst = (['BLOCK', 'NOT_ENOUGH_DATA', 'WARN'] as const)
    .map((verdict) => rows.find((row) => row.verdict === verdict))
    .find((row) => row !== undefined)
  return (
    worst ?? { verdict: 'PASS', reason: rows.find(({ metric }) => metric === 'expected calibration error')!.reason }
  )
}
