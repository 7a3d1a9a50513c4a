import type { Calibrator, DataSchema } from '@panal/client-core'
import { Type } from 'typebox'
import { when } from '../registry/document-errors.ts'
import { calibrated, fitCalibrator, type CalibrationMethod } from './calibrator.ts'
import type { Evaluation, JudgedModel, Predictions } from './contract.ts'

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

/** A model's answers to the gate set, before and as it would be served. */
export interface ServedAnswers {
  readonly raw: Predictions
  readonly served: Predictions
  /** Null where no calibration split was set aside: answers are served as they are. */
  readonly calibrator: Calibrator | null
  /** Examples it was fitted on. */
  readonly numFitted: number
}

/** A recorded probability has been rounded; the 0 in a file is no float32's 2⁻¹²⁶. */
const smallestRecorded = 1e-12

/** Fits on the calibration split, applies to the gate set. The same split gives the same calibrator, round for round. */
export async function answersAsServed(
  { calibration }: Pick<Evaluation, 'calibration'>,
  model: JudgedModel,
  method: CalibrationMethod,
): Promise<ServedAnswers> {
  const raw = await model.on('gate')
  if (calibration === null) return { raw, served: raw, calibrator: null, numFitted: 0 }
  const fittedOn = await calibration.of(model)
  const calibrator = fitCalibrator(fittedOn, {
    method,
    ...(model.params === undefined && { smallest: smallestRecorded }),
  })
  return { raw, served: calibrated(raw, calibrator), calibrator, numFitted: fittedOn.labels.length }
}
