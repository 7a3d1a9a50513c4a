import { applyCalibrator, logOf, type Calibrator, type Isotonic } from '@panal/client-core'
import type { Predictions } from './contract.ts'
import { forecastsOfClass } from './statistics/calibration-error.ts'
import { fitIsotonic, isFlat, withoutInnerPoints } from './statistics/isotonic.ts'
import { fitPlatt } from './statistics/platt.ts'
import { fitTemperature } from './statistics/temperature.ts'

export type CalibrationMethod = 'temperature' | 'platt' | 'isotonic'

/** Fewer would be fitted to their own noise: a temperature is taken instead. */
export const fewestForIsotonic = 1000

/** A calibrator that is not to be served, and why. */
export interface RefusedCalibrator {
  readonly refused: CalibrationMethod
  readonly because: string
}

export interface FitOptions {
  readonly method: CalibrationMethod
  /** What a probability counts as at least where a logit is needed; for recorded ones, which are rounded. */
  readonly smallest?: number
}

/**
 * What is tried on so many examples, in order: in the place of a calibrator that is refused a temperature, which changes no
 * answer. After the last, nothing.
 */
export function methodsInTurn(method: CalibrationMethod, numExamples: number): readonly CalibrationMethod[] {
  const isTooFew = method === 'isotonic' && numExamples < fewestForIsotonic
  return method === 'temperature' || isTooFew ? ['temperature'] : [method, 'temperature']
}

/** Whether it may make another class the answer; a temperature never does. */
export const mayChangeAnswers = (calibrator: Calibrator | null): boolean =>
  calibrator?.method === 'platt' || calibrator?.method === 'isotonic'

/**
 * What makes these predictions calibrated. Fit it on a split that never judges. `identity` where the examples cannot tell:
 * none, one class only, every answer right. Refused where it would not rise with the model's own probability.
 * @throws RangeError when Platt's is asked for with more than two classes
 */
export function fitCalibrator(
  predictions: Predictions,
  { method, smallest }: FitOptions,
): Calibrator | RefusedCalibrator {
  const { labels } = predictions
  if (method === 'platt') return platt(predictions, smallest)
  if (method === 'isotonic' && labels.length >= fewestForIsotonic) return isotonic(predictions)
  const { temperature, identifiable } = fitTemperature(predictions, smallest)
  return identifiable ? { method: 'temperature', temperature } : { method: 'identity' }
}

function platt(predictions: Predictions, smallest?: number): Calibrator | RefusedCalibrator {
  const { probabilities, labels, numClasses } = predictions
  if (numClasses !== 2) throw new RangeError(`Platt’s line is for two classes, and there are ${numClasses}`)
  if (new Set(labels).size < 2) return { method: 'identity' }
  const logits = Float64Array.from(
    labels,
    (_, row) => logOf(probabilities[2 * row + 1]!, smallest) - logOf(probabilities[2 * row]!, smallest),
  )
  const fit = fitPlatt(logits, labels)
  return 'because' in fit ? { refused: 'platt', ...fit } : { method: 'platt', ...fit }
}

function isotonic(predictions: Predictions): Calibrator | RefusedCalibrator {
  const { numClasses, labels } = predictions
  if (new Set(labels).size < 2) return { method: 'identity' }
  const curveOf = (k: number): Isotonic => {
    const { confidence, correct } = forecastsOfClass(predictions, k)
    return withoutInnerPoints(fitIsotonic(confidence, correct))
  }
  const curves = numClasses === 2 ? [curveOf(1)] : Array.from({ length: numClasses }, (_, k) => curveOf(k))
  if (curves.some(isFlat))
    return { refused: 'isotonic', because: 'a curve of it is flat, and would give every example the same probability' }
  return { method: 'isotonic', curves }
}

/** Predictions as they are served. */
export const calibrated = (predictions: Predictions, calibrator: Calibrator): Predictions => ({
  ...predictions,
  probabilities: applyCalibrator(calibrator, predictions),
})
