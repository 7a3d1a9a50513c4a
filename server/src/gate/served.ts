import type { Calibrator, DataSchema } from '@panal/client-core'
import { Type } from 'typebox'
import { when } from '../registry/document-errors.ts'
import {
  calibrated,
  fitCalibrator,
  mayChangeAnswers,
  methodsInTurn,
  type CalibrationMethod,
  type RefusedCalibrator,
} from './calibrator.ts'
import type { Evaluation, JudgedModel, JudgedTask, Predictions } from './contract.ts'
import { generalRule } from './general-rule.ts'
import { lossDifference, type DifferenceOptions, type Measured, type Unmeasured } from './metric-differences.ts'
import { accuracyDifferenceBetween } from './paired-accuracy.ts'
import { nats, percent } from './say.ts'
import { logLosses } from './statistics/log-loss.ts'

/** What a check of calibration says of how models are calibrated; all such checks of a task should say the same. */
export const methodOption = {
  method: Type.Optional(
    Type.Union([Type.Literal('temperature'), Type.Literal('platt'), Type.Literal('isotonic')], {
      default: 'temperature',
      description:
        'what is fitted on the calibration set: a temperature; Platt’s line, for two classes; an isotonic curve, from 1000 examples on (a temperature with fewer), which may tie answers that were apart',
    }),
  ),
}

export const methodMisfits = (method: CalibrationMethod | undefined, { classes }: DataSchema) =>
  when(method === 'platt' && classes.length !== 2, '/method', 'platt needs 2 classes')

/** How a task's models are calibrated; null where it has no check that does it, and they are served as trained. */
export function servedMethod({ gate }: JudgedTask): CalibrationMethod | null {
  const check = gate?.checks.find(({ name }) => name === 'calibration')
  return check?.name === 'calibration' ? (check.method ?? 'temperature') : null
}

/** Whether a check fits on the calibration set. Of recorded predictions nobody knows, and nothing has to be run for it. */
export const isCalibrated = ({ gate }: JudgedTask): boolean =>
  gate === undefined || gate.checks.some(({ name }) => name === 'calibration' || name === 'segment-calibration')

/** The calibrator that a model is served with, or would be. */
export interface ChosenCalibrator {
  /** Null: answers are served as they are, for nothing was set aside to fit on, or the model was promoted so. */
  readonly calibrator: Calibrator | null
  /** Examples it was fitted on; 0 where it came with the model. */
  readonly numFitted: number
  /** Those that were tried before it, in order. */
  readonly refused: readonly RefusedCalibrator[]
}

/** A model's answers to the gate set, before and as it would be served. */
export interface ServedAnswers extends ChosenCalibrator {
  readonly raw: Predictions
  readonly served: Predictions
}

type Known = Pick<Evaluation, 'calibration' | 'examples' | 'seed'>

/** As it is served already; else with what the calibration split gives, the same split the same, round for round. */
export async function answersAsServed(
  evaluation: Known,
  model: JudgedModel,
  method: CalibrationMethod,
): Promise<ServedAnswers> {
  const raw = await model.on('gate')
  const chosen = await chooseCalibrator(evaluation, model, method)
  return { ...chosen, raw, served: apply(chosen.calibrator, raw) }
}

export const apply = (calibrator: Calibrator | null, raw: Predictions): Predictions =>
  calibrator === null ? raw : calibrated(raw, calibrator)

/** A recorded probability has been rounded; the 0 in a file is no float32's 2⁻¹²⁶. */
const smallestRecorded = 1e-12

/**
 * The calibrator of a promoted model is what it was promoted with. Of any other it is fitted on the calibration split, and
 * the gate set may only refuse it: where the answers it makes are surely worse than those of the model as trained, by a
 * margin, a temperature is taken instead, and after that nothing. The model is not to blame, and people get the better
 * answers.
 */
export async function chooseCalibrator(
  { calibration, examples, seed }: Known,
  model: JudgedModel,
  method: CalibrationMethod,
): Promise<ChosenCalibrator> {
  if (model.calibrator !== undefined) return { calibrator: model.calibrator, numFitted: 0, refused: [] }
  if (calibration === null) return { calibrator: null, numFitted: 0, refused: [] }
  const [split, raw] = [await calibration.of(model), await model.on('gate')]
  const { clusters } = await examples('gate')
  const numFitted = split.labels.length
  const smallest = model.params === undefined ? { smallest: smallestRecorded } : {}
  const refused: RefusedCalibrator[] = []
  for (const each of methodsInTurn(method, numFitted)) {
    const fitted = fitCalibrator(split, { method: each, ...smallest })
    if ('because' in fitted) {
      refused.push(fitted)
      continue
    }
    const because = harmDone(fitted, raw, { seed: `${seed}/served/${each}`, clusters })
    if (because === undefined) return { calibrator: fitted, numFitted, refused }
    refused.push({ refused: each, because })
  }
  return { calibrator: { method: 'identity' }, numFitted, refused }
}

/** What a calibrator may at most take, one-sided at 5 %: of accuracy, and as a share of the log loss. */
export const harmMargins = { accuracy: 0.01, logLoss: 0.02 } as const

/** That these answers are surely worse for being calibrated, and by how much; else undefined. */
function harmDone(
  calibrator: Calibrator,
  raw: Predictions,
  { seed, clusters }: Pick<DifferenceOptions, 'seed' | 'clusters'>,
): string | undefined {
  if (calibrator.method === 'identity') return undefined
  const pair = { candidate: calibrated(raw, calibrator), reference: raw }
  const options = { alpha: 0.05, seed, clusters }
  if (mayChangeAnswers(calibrator)) {
    const accuracy = accuracyDifferenceBetween(pair, { ...options, margin: harmMargins.accuracy })
    if (isHarm(accuracy))
      return `with it ${percent(accuracy.candidate)} of the gate set are answered rightly, and ${percent(accuracy.reference)} as trained`
  }
  const losses = { candidate: logLosses(pair.candidate), reference: logLosses(raw) }
  const loss = lossDifference(losses, { ...options, margin: harmMargins.logLoss })
  if (isHarm(loss))
    return `with it the log loss on the gate set is ${nats(loss.candidate)}, and ${nats(loss.reference)} as trained`
  return undefined
}

const isHarm = (measured: Measured | Unmeasured): measured is Measured =>
  !('because' in measured) && generalRule(measured.comparison) === 'BLOCK'
