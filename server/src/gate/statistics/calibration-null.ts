import type { Rng } from '@panal/client-core'
import { equalWidthBins, equalWidthIndex, expectedCalibrationError, type Forecasts } from './calibration-error.ts'
import { poissonBinomial } from './poisson-binomial.ts'
import { sum } from './summation.ts'

export interface CalibrationTest {
  readonly error: number
  /** Error over what a perfectly calibrated model of these forecasts shows on average. */
  readonly excess: number
  /** Mean and 95 % quantile of the error of a perfectly calibrated model. */
  readonly nullMean: number
  readonly null95: number
  /** Of H₀ "calibrated": (1 + #{null ≥ error}) / (numDraws + 1), so never 0. */
  readonly p: number
}

/**
 * Consistency resampling: is the expected calibration error more than chance gives a perfectly calibrated model that makes
 * the same forecasts? Draws outcomes from the forecasts themselves, all of a bin at once. Source: Bröcker and Smith 2007.
 * @throws RangeError without forecasts
 */
export function testCalibration(
  forecasts: Forecasts,
  rng: Rng,
  { numBins = 10, numDraws = 1000 } = {},
): CalibrationTest {
  const { confidence } = forecasts
  if (confidence.length === 0) throw new RangeError('calibration: no forecasts')
  const error = expectedCalibrationError(equalWidthBins(forecasts, numBins))
  const binned = inBins(confidence, numBins)
  const draws = Float64Array.from({ length: numDraws }, () => drawnError(binned, confidence.length, rng)).sort()
  const nullMean = sum(draws) / numDraws
  const slack = 1e-12 // the same error, summed in another order
  const extreme = draws.filter((draw) => draw >= error - slack).length
  return {
    error,
    excess: error - nullMean,
    nullMean,
    null95: draws[Math.ceil(0.95 * numDraws) - 1]!,
    p: (1 + extreme) / (numDraws + 1),
  }
}

/** The forecasts of a bin stay where they are, whatever comes true. */
interface Bin {
  /** Σ forecasts. */
  readonly promised: number
  /** How many of them come true. */
  readonly happened: (rng: Rng) => number
}

function inBins(confidence: ArrayLike<number>, numBins: number): Bin[] {
  const bins = Array.from({ length: numBins }, (): number[] => [])
  for (let i = 0; i < confidence.length; i++) bins[equalWidthIndex(confidence[i]!, numBins)]!.push(confidence[i]!)
  return bins
    .filter((forecasts) => forecasts.length > 0)
    .map((forecasts) => ({ promised: sum(forecasts), happened: poissonBinomial(forecasts) }))
}

function drawnError(bins: readonly Bin[], n: number, rng: Rng): number {
  let error = 0
  for (const { promised, happened } of bins) error += Math.abs(happened(rng) - promised)
  return error / n
}
