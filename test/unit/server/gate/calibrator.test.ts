import { describe, expect, it } from '@jest/globals'
import { Calibrator, makeRng } from '@panal/client-core'
import type { Predictions } from '@panal/server'
import { Value } from 'typebox/value'
import { calibrated, fitCalibrator, type FitOptions } from '../../../../server/src/gate/calibrator.ts'
import { auc } from '../../../../server/src/gate/statistics/auc.ts'
import { accuracy } from '../../../../server/src/gate/statistics/accuracy.ts'
import { meanLogLoss } from '../../../../server/src/gate/statistics/log-loss.ts'

const softmax = (logits: readonly number[]) => {
  const powers = logits.map((each) => Math.exp(each - Math.max(...logits)))
  const total = powers.reduce((a, b) => a + b, 0)
  return powers.map((each) => each / total)
}

/** A model whose logits are the true ones times `sureness` plus `shift` for the last class. */
function model(n: number, { numClasses = 3, sureness = 1, shift = 0, seed = 'model' } = {}) {
  const rng = makeRng(seed)
  const labels = new Int32Array(n)
  const probabilities = new Float32Array(n * numClasses)
  for (let row = 0; row < n; row++) {
    const logits = Array.from({ length: numClasses }, () => 1.5 * rng.normal())
    const truth = softmax(logits)
    let u = rng.uniform()
    labels[row] = Math.max(
      0,
      truth.findIndex((p) => (u -= p) < 0),
    )
    const told = logits.map((each, k) => sureness * each + (k === numClasses - 1 ? shift : 0))
    probabilities.set(softmax(told), row * numClasses)
  }
  return { probabilities, labels, numClasses }
}

/** One that is to be served. */
function fit(predictions: Predictions, options: FitOptions): Calibrator {
  const fitted = fitCalibrator(predictions, options)
  if ('because' in fitted) throw new Error(fitted.because)
  return fitted
}

describe('fitting a calibrator', () => {
  it('temperature: finds how much too sure a model is, and leaves every answer', () => {
    const predictions = model(4000, { sureness: 3 })
    const calibrator = fit(predictions, { method: 'temperature' })
    expect(calibrator).toEqual({ method: 'temperature', temperature: expect.closeTo(3, 0) })
    const served = calibrated(predictions, calibrator)
    expect(accuracy(served)).toBe(accuracy(predictions))
    expect(meanLogLoss(served)).toBeLessThan(meanLogLoss(predictions) - 0.1)
    expect(served.labels).toBe(predictions.labels)
  })
  it('platt: also finds a shift, which no temperature can', () => {
    const predictions = model(4000, { numClasses: 2, sureness: 2, shift: 1 })
    const calibrator = fit(predictions, { method: 'platt' })
    // z = 2·logit + 1, so logit = z/2 − ½: a = −½, b = ½
    expect(calibrator).toEqual({ method: 'platt', a: expect.closeTo(-0.5, 1), b: expect.closeTo(0.5, 0) })
    const byTemperature = fit(predictions, { method: 'temperature' })
    expect(meanLogLoss(calibrated(predictions, calibrator))).toBeLessThan(
      meanLogLoss(calibrated(predictions, byTemperature)) - 0.005,
    )
    expect(() => fit(model(50), { method: 'platt' })).toThrow('two classes, and there are 3')
  })
  it.each([2, 3])('isotonic, %i classes: from 1000 examples on, with fewer a temperature', (numClasses) => {
    const predictions = model(2000, { numClasses, sureness: 3 })
    const calibrator = fit(predictions, { method: 'isotonic' })
    expect(calibrator.method).toBe('isotonic')
    const served = calibrated(predictions, calibrator)
    expect(meanLogLoss(served)).toBeLessThan(meanLogLoss(predictions) - 0.05)
    expect(fit(model(999, { numClasses }), { method: 'isotonic' }).method).toBe('temperature')
    // Its points are where the curve bends, not the examples.
    if (calibrator.method === 'isotonic') expect(calibrator.curves[0]!.x.length).toBeLessThan(400)
  })
  it('isotonic may tie what was apart, and never turns it round', () => {
    const predictions = model(1500, { numClasses: 2, sureness: 2 })
    const served = calibrated(predictions, fit(predictions, { method: 'isotonic' }))
    const second = (of: Predictions) => Array.from(of.labels, (_, row) => of.probabilities[2 * row + 1]!)
    const [before, after] = [second(predictions), second(served)]
    const order = before.map((_, i) => i).sort((a, b) => before[a]! - before[b]!)
    expect(order.every((i, at) => at === 0 || after[i]! >= after[order[at - 1]!]!)).toBe(true)
    expect(auc(after, served.labels)).not.toBe(auc(before, served.labels))
  })
  it('is the identity where the examples cannot tell', () => {
    const allRight = { probabilities: Float32Array.of(0.9, 0.1, 0.2, 0.8), labels: Int32Array.of(0, 1), numClasses: 2 }
    const oneClass = { ...allRight, labels: Int32Array.of(1, 1) }
    const none = { probabilities: new Float32Array(0), labels: new Int32Array(0), numClasses: 2 }
    expect(fit(allRight, { method: 'temperature' })).toEqual({ method: 'identity' })
    expect(fit(oneClass, { method: 'platt' })).toEqual({ method: 'identity' })
    for (const method of ['temperature', 'platt', 'isotonic'] as const)
      expect(fit(none, { method })).toEqual({ method: 'identity' })
    expect(calibrated(allRight, { method: 'identity' })).toEqual(allRight)
  })
  it('refuses what does not rise with the model’s own probability, and says why', () => {
    const predictions = model(2000, { numClasses: 2 })
    // Labels turned round: the surer it is of a class, the rarer that class comes true.
    const reversed = { ...predictions, labels: predictions.labels.map((label) => 1 - label) }
    expect(fitCalibrator(reversed, { method: 'platt' })).toEqual({
      refused: 'platt',
      because: 'its line falls where the model is surer, and would turn answers round',
    })
    // The rising curve nearest to a falling one is flat.
    expect(fitCalibrator(reversed, { method: 'isotonic' })).toEqual({
      refused: 'isotonic',
      because: 'a curve of it is flat, and would give every example the same probability',
    })
    expect(fitCalibrator(reversed, { method: 'temperature' })).toEqual({ method: 'identity' })
    // A class that the split does not have would never be answered again.
    const three = model(2000)
    const without = { ...three, labels: three.labels.map((label) => Math.min(label, 1)) }
    expect(fitCalibrator(without, { method: 'isotonic' })).toMatchObject({ refused: 'isotonic' })
  })
  it('survives JSON as it is', () => {
    for (const method of ['temperature', 'platt', 'isotonic'] as const) {
      const predictions = model(1200, { numClasses: 2, sureness: 2 })
      const calibrator = fit(predictions, { method })
      const read: unknown = JSON.parse(JSON.stringify(calibrator))
      expect(Value.Check(Calibrator, read) && calibrated(predictions, read)).toEqual(
        calibrated(predictions, calibrator),
      )
    }
  })
  it('a recorded 0 is no logit of −87', () => {
    const { probabilities, labels, numClasses } = model(500, { numClasses: 2 })
    // The one that it is surest of is wrong: how wrong, the smallest probability says.
    const surest = probabilities.indexOf(Math.max(...probabilities))
    labels[Math.floor(surest / 2)] = 1 - (surest % 2)
    const rounded = { probabilities: probabilities.map((p) => (p < 0.02 ? 0 : p > 0.98 ? 1 : p)), labels, numClasses }
    const of = (smallest?: number) => fit(rounded, { method: 'temperature', ...(smallest && { smallest }) })
    const [live, recorded] = [of(), of(1e-12)]
    if (live.method !== 'temperature' || recorded.method !== 'temperature') throw new Error('not identifiable')
    expect(recorded.temperature).toBeLessThan(live.temperature)
  })
})
