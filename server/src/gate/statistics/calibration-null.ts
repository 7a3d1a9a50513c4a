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

export interface CalibrationTestOptions {
  /** Default 10. */
  readonly numBins?: number
  /** Default 1000. */
  readonly numDraws?: number
  /** [numForecasts] whose example each is. */
  readonly clusters?: ArrayLike<number> | undefined
}

/**
 * Consistency resampling: is the expected calibration error more than chance gives a perfectly calibrated model that makes
 * the same forecasts? Draws outcomes from the forecasts themselves, all of a bin at once. Source: Bröcker and Smith 2007.
 * Where examples come in clusters, outcomes of one are not independent, and nobody knows how they depend: each cluster keeps
 * what came true and what was promised, bin by bin, and the sign of all its differences is drawn. That a client is better
 * or worse than forecast is chance then, as long as such clients outweigh each other. Source: Cameron, Gelbach and
 * Miller 2008, the wild bootstrap of clusters with Rademacher's signs.
 * @throws RangeError without forecasts
 */
export function testCalibration(
  forecasts: Forecasts,
  rng: Rng,
  { numBins = 10, numDraws = 1000, clusters }: CalibrationTestOptions = {},
): CalibrationTest {
  const { confidence } = forecasts
  if (confidence.length === 0) throw new RangeError('calibration: no forecasts')
  const error = expectedCalibrationError(equalWidthBins(forecasts, numBins))
  const draw = clusters === undefined ? outcomesDrawn(forecasts, numBins) : signsDrawn(forecasts, clusters, numBins)
  const draws = Float64Array.from({ length: numDraws }, () => draw(rng)).sort()
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

/** Errors of a calibrated model whose outcomes are independent. */
function outcomesDrawn({ confidence }: Forecasts, numBins: number): (rng: Rng) => number {
  const binned = inBins(confidence, numBins)
  return (rng) => drawnError(binned, confidence.length, rng)
}

/** Errors of a calibrated model, clients being as far from their forecasts as they are, to either side. */
function signsDrawn(
  { confidence, correct }: Forecasts,
  clusters: ArrayLike<number>,
  numBins: number,
): (rng: Rng) => number {
  const n = confidence.length
  const ofCluster = new Map<number, Float64Array>()
  for (let i = 0; i < n; i++) {
    const bins = ofCluster.get(clusters[i]!) ?? new Float64Array(numBins)
    bins[equalWidthIndex(confidence[i]!, numBins)]! += correct[i]! - confidence[i]!
    ofCluster.set(clusters[i]!, bins)
  }
  // By number: the order of the examples cannot matter.
  const surpluses = [...ofCluster].sort(([a], [b]) => a - b).map(([, bins]) => bins)
  const totals = new Float64Array(numBins)
  return (rng) => {
    totals.fill(0)
    for (const bins of surpluses) {
      const sign = rng.uniform() < 0.5 ? -1 : 1
      for (let bin = 0; bin < numBins; bin++) totals[bin]! += sign * bins[bin]!
    }
    return totals.reduce((error, each) => error + Math.abs(each), 0) / n
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
