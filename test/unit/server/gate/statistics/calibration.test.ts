import { describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import {
  classwiseCalibrationError,
  debiasedSquaredError,
  equalMassBins,
  equalWidthBins,
  expectedCalibrationError,
  forecastsOfAnswer,
  kernelCalibrationError,
  maximumCalibrationError,
  rootMeanSquareCalibrationError,
} from '../../../../../server/src/gate/statistics/calibration-error.ts'
import { testCalibration } from '../../../../../server/src/gate/statistics/calibration-null.ts'
import { coxCalibration, spiegelhalter } from '../../../../../server/src/gate/statistics/cox-calibration.ts'

describe('calibration error', () => {
  it('[a, b) with the last bin closed: an edge belongs to the bin above it', () => {
    const bins = equalWidthBins({ confidence: [0.5, 0.5, 0.7, 0.9], correct: [1, 0, 1, 1] }, 2)
    expect(bins).toHaveLength(1)
    expect(maximumCalibrationError(bins)).toBeCloseTo(0.1, 12) // (a, b] would give .2
    expect(equalWidthBins({ confidence: [1, 0], correct: [1, 0] }, 10)).toHaveLength(2)
  })
  it('compares with i/n: .29 · 100 is 28.999… and still in bin 29', () => {
    const [bin] = equalWidthBins({ confidence: [0.29, 0.2999], correct: [1, 0] }, 100)
    expect(bin!.count).toBe(2)
  })
  it('agrees with torchmetrics’ documented values (gate.md 2.3)', () => {
    const bins = equalWidthBins({ confidence: [0.25, 0.25, 0.55, 0.75, 0.75], correct: [0, 0, 1, 1, 1] }, 2)
    expect(expectedCalibrationError(bins)).toBeCloseTo(0.29, 6)
    expect(rootMeanSquareCalibrationError(bins)).toBeCloseTo(0.291833, 6)
    expect(maximumCalibrationError(bins)).toBeCloseTo(0.316667, 6)
  })
  it('and with those for three classes, of the answer’s confidence', () => {
    const probabilities = [0.25, 0.2, 0.55, 0.55, 0.05, 0.4, 0.1, 0.3, 0.6, 0.9, 0.05, 0.05]
    const bins = equalWidthBins(forecastsOfAnswer({ probabilities, labels: [0, 1, 2, 0], numClasses: 3 }), 3)
    expect(expectedCalibrationError(bins)).toBeCloseTo(0.2, 6)
    expect(rootMeanSquareCalibrationError(bins)).toBeCloseTo(0.208167, 6)
    expect(maximumCalibrationError(bins)).toBeCloseTo(0.233333, 6)
  })
  it('makes the reliability diagram of scikit-learn’s example', () => {
    const bins = equalWidthBins(
      { confidence: [0.1, 0.2, 0.3, 0.4, 0.65, 0.7, 0.8, 0.9, 1], correct: [0, 0, 0, 0, 1, 1, 1, 1, 1] },
      3,
    )
    expect(bins.map(({ frequency }) => frequency)).toEqual([0, 0.5, 1])
    expect(bins.map(({ confidence }) => Number(confidence.toFixed(6)))).toEqual([0.2, 0.525, 0.85])
  })
  it('bins of equal mass do not depend on the order of equal forecasts', () => {
    const bins = equalMassBins({ confidence: [0.9, 0.2, 0.2, 0.2, 0.8, 0.1], correct: [1, 0, 1, 0, 1, 0] }, 3)!
    // .1 | .2 .2 .2 merged | .8 .9
    expect(bins.map(({ count }) => count)).toEqual([4, 2])
    expect(equalMassBins({ confidence: [0.1, 0.2, 0.3], correct: [0, 0, 1] }, 2)).toBeUndefined()
  })
  it('debiased: two examples, one right, at ½ leave −1/4', () => {
    const bins = equalWidthBins({ confidence: [0.5, 0.5], correct: [1, 0] }, 1)
    expect(debiasedSquaredError(bins)).toBeCloseTo(-0.25, 12) // 0² − ½·½/(2 − 1)
    expect(debiasedSquaredError([{ count: 1, confidence: 0.5, frequency: 1 }])).toBe(0)
  })
  it('is 0 by class for a model that is right and sure', () => {
    const of = { probabilities: [1, 0, 0, 1], labels: [0, 1], numClasses: 2 }
    expect(classwiseCalibrationError(of, 10)).toBe(0)
    // Sure and wrong: each class is off by 1.
    expect(classwiseCalibrationError({ ...of, labels: [1, 0] }, 10)).toBe(1)
  })
  it('takes the answer’s own confidence', () => {
    const { confidence, correct } = forecastsOfAnswer({
      probabilities: [0.25, 0.75, 0.5, 0.5],
      labels: [0, 0],
      numClasses: 2,
    })
    expect([Array.from(confidence), Array.from(correct)]).toEqual([
      [0.75, 0.5],
      [0, 1],
    ])
  })
  it('by kernel: one pair, both wrong by .3, alike', () => {
    expect(kernelCalibrationError({ confidence: [0.7, 0.7], correct: [1, 1] })).toBeCloseTo(0.09, 12)
    expect(kernelCalibrationError({ confidence: [0.7], correct: [1] })).toBeUndefined()
  })
  it('by kernel: is its definition, every pair once', () => {
    const rng = makeRng('kernel')
    const confidence = Array.from({ length: 60 }, (_, i) => (i % 7 === 0 ? 0.5 : rng.uniform()))
    const correct = confidence.map(() => (rng.uniform() < 0.6 ? 1 : 0))
    let total = 0
    confidence.forEach((p, i) =>
      confidence.forEach((q, j) => {
        if (i !== j) total += (correct[i]! - p) * (correct[j]! - q) * Math.exp(-Math.abs(p - q) / 0.2)
      }),
    )
    expect(kernelCalibrationError({ confidence, correct })).toBeCloseTo(total / (60 * 59), 12)
  })
  it('refuses a forecast outside [0, 1]', () => {
    expect(() => equalWidthBins({ confidence: [1.01], correct: [1] }, 10)).toThrow(RangeError)
    expect(() => equalWidthBins({ confidence: [NaN], correct: [1] }, 10)).toThrow(RangeError)
  })
})

/** Confidences .5 + .5 · Beta(4, 1), outcomes drawn from them: calibrated. Beta(4, 1) is the most of four uniforms. */
function calibrated(n: number, seed: string) {
  const rng = makeRng(seed)
  const confidence = Array.from({ length: n }, () => 0.5 + 0.5 * Math.max(...[0, 0, 0, 0].map(() => rng.uniform())))
  return { confidence, correct: confidence.map((p) => (rng.uniform() < p ? 1 : 0)) }
}

describe('the null of the calibration error', () => {
  it.each([
    [50, 0.062, 0.104],
    [100, 0.044, 0.077],
    [200, 0.032, 0.055],
    [500, 0.02, 0.035],
    [1000, 0.014, 0.025],
  ])('at n = %i a calibrated model shows %f, and %f in one of twenty (gate.md 2.4)', (n, mean, q95) => {
    const runs = Array.from({ length: 10 }, (_, i) =>
      testCalibration(calibrated(n, `null ${n} ${i}`), makeRng(`draws ${i}`), { numDraws: 400 }),
    )
    const average = (pick: (run: (typeof runs)[number]) => number) => runs.reduce((sum, run) => sum + pick(run), 0) / 10
    expect(Math.abs(average(({ nullMean }) => nullMean) / mean - 1)).toBeLessThan(0.08)
    expect(Math.abs(average(({ null95 }) => null95) / q95 - 1)).toBeLessThan(0.1)
  })
  it('does not warn of .06 at n = 100 in a calibrated model, and does of a model that is too sure', () => {
    const over = Array.from({ length: 500 }, () => 0.95)
    const tooSure = testCalibration(
      { confidence: over, correct: over.map((_, i) => (i % 5 === 0 ? 0 : 1)) },
      makeRng('sure'),
    )
    expect(tooSure.p).toBeCloseTo(1 / 1001, 6)
    expect(tooSure.excess).toBeGreaterThan(0.1)
    const p = testCalibration(calibrated(100, 'fine'), makeRng('fine')).p
    expect(p).toBeGreaterThan(0.05)
  })
  it('the same seed gives the same numbers; no forecasts, none', () => {
    const once = () => testCalibration(calibrated(60, 'again'), makeRng(7), { numDraws: 50 })
    expect(once()).toEqual(once())
    expect(() => testCalibration({ confidence: [], correct: [] }, makeRng(1))).toThrow(RangeError)
  })
  it('its p is small as often as it says on calibrated models: 5 % of 400, to within 3 standard errors', () => {
    let small = 0
    for (let run = 0; run < 400; run++)
      if (testCalibration(calibrated(80, `u ${run}`), makeRng(`v ${run}`), { numDraws: 199 }).p <= 0.05) small++
    // √(.05 · .95 / 400) = .011
    expect(Math.abs(small / 400 - 0.05)).toBeLessThan(0.033)
  })
})

describe('Cox calibration', () => {
  const logistic = (x: number) => 1 / (1 + Math.exp(-x))
  const draw = (distort: (logit: number) => number, n = 4000) => {
    const rng = makeRng('cox')
    const logits = Array.from({ length: n }, () => rng.normal() * 1.5)
    return {
      p: logits.map((each) => logistic(distort(each))),
      y: logits.map((each) => (rng.uniform() < logistic(each) ? 1 : 0)),
    }
  }
  it('finds (0, 1) for a calibrated model', () => {
    const { p, y } = draw((logit) => logit)
    const fit = coxCalibration(p, y)!
    expect(Math.abs(fit.slope - 1)).toBeLessThan(0.1)
    expect(Math.abs(fit.intercept)).toBeLessThan(0.12)
    expect(fit.p).toBeGreaterThan(0.01)
  })
  it('finds the slope ½ of logits doubled, and the offset of logits moved', () => {
    const doubled = draw((logit) => 2 * logit)
    const sure = coxCalibration(doubled.p, doubled.y)!
    expect(Math.abs(sure.slope - 0.5)).toBeLessThan(0.05)
    expect(sure.p).toBeLessThan(1e-6)
    const moved = draw((logit) => logit - 1)
    expect(Math.abs(coxCalibration(moved.p, moved.y)!.inTheLarge - 1)).toBeLessThan(0.12)
  })
  it('finds the slope of a model that is three times, or six times, as sure as it should be', () => {
    for (const times of [3, 6]) {
      const { p, y } = draw((logit) => times * logit)
      expect(Math.abs(coxCalibration(p, y)!.slope * times - 1)).toBeLessThan(0.1)
    }
  })
  it('is undefined where nothing can be fitted', () => {
    expect(coxCalibration([0.1, 0.9], [1, 1])).toBeUndefined()
    expect(coxCalibration([0.5, 0.5, 0.5], [1, 0, 1])).toBeUndefined()
    expect(coxCalibration([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1])).toBeUndefined() // separated
  })
  it('Spiegelhalter: Σ(y−p)(1−2p) / √Σ(1−2p)²p(1−p)', () => {
    // p = .2, y = 1: (.8)(.6) / √(.36 · .16) = 2
    expect(spiegelhalter([0.2], [1])!.z).toBeCloseTo(2, 12)
    expect(spiegelhalter([0.5, 1], [1, 1])).toBeUndefined()
  })
})
