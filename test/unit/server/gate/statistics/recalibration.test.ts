import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { makeRng } from '@panal/client-core'
import { predictedClasses } from '../../../../../server/src/gate/statistics/accuracy.ts'
import { applyIsotonic, fitIsotonic } from '../../../../../server/src/gate/statistics/isotonic.ts'
import { applyPlatt, fitPlatt } from '../../../../../server/src/gate/statistics/platt.ts'
import { applyTemperature, fitTemperature } from '../../../../../server/src/gate/statistics/temperature.ts'

/** Rows whose predicted class has the logit 2 and the two others 0; the first `numRight` are right. */
function rows(n: number, numRight: number, scale = 1) {
  const high = Math.exp(2 * scale)
  const probabilities = Array.from({ length: n }, () => [high, 1, 1].map((each) => each / (high + 2))).flat()
  return { probabilities, labels: Array.from({ length: n }, (_, i) => (i < numRight ? 0 : 1)), numClasses: 3 }
}

describe('temperature', () => {
  it('of 8 right in 10 at logit 2 is 2/ln 8 (gate.md 2.6)', () => {
    const { temperature, identifiable } = fitTemperature(rows(10, 8))
    expect(identifiable).toBe(true)
    expect(1 / temperature).toBeCloseTo(Math.log(8) / 2, 6) // 1.0397208
  })
  it('three times the logits have three times the temperature', () => {
    const ratio = fitTemperature(rows(10, 8, 3)).temperature / fitTemperature(rows(10, 8)).temperature
    expect(ratio).toBeCloseTo(3, 5)
  })
  it('stays 1 where the data cannot tell: all right, all wrong, none', () => {
    for (const examples of [rows(10, 10), rows(10, 0), rows(0, 0)])
      expect(fitTemperature(examples)).toEqual({ temperature: 1, identifiable: false })
  })
  it('leaves every answer as it is, whatever the temperature', () => {
    const row = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 })
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 20 }),
        fc.double({ min: 1e-4, max: 1e4, noNaN: true }),
        (raw, t) => {
          const probabilities = Float32Array.from(
            raw.flatMap((values) => {
              const total = values.reduce((a, b) => a + b, 0)
              return total > 0 ? values.map((each) => each / total) : [1, 0, 0, 0]
            }),
          )
          const labels = new Int32Array(raw.length)
          const scaled = applyTemperature({ probabilities, numClasses: 4 }, t)
          const of = (values: Float32Array) => [...predictedClasses({ probabilities: values, labels, numClasses: 4 })]
          expect(of(scaled)).toEqual(of(probabilities))
          expect(scaled.every((each) => each >= 0 && each <= 1)).toBe(true)
        },
      ),
      { seed: 5, numRuns: 300 },
    )
  })
  it('fitted, keeps every answer through float32’s rounding: near ties, ties, and what is all but 0', () => {
    // Softmax of float32 logits that lie one rounding apart, are equal, or are far below: T from e⁻¹⁰ to e¹⁰ squeezes them.
    const rng = makeRng('near ties')
    const next = (value: number) => Math.fround(value * (1 + 2 ** -23))
    const rowOf = (kind: number): number[] => {
      const p = Math.fround(0.3 + 0.1 * rng.uniform())
      const near = [p, next(p), Math.fround(1 - 2 * p), 2 ** -140]
      const tied = [p, 1e-38, p, Math.fround(1 - 2 * p)]
      const sure = [2 ** -149, 1, 1e-45, 2 ** -127]
      return [near, tied, sure][kind]!
    }
    const shifted = (row: number[], by: number) => row.map((_, k) => row[(k + by) % row.length]!)
    const seen: number[] = []
    for (let run = 0; run < 60; run++) {
      const rows = Array.from({ length: 40 }, (_, i) => shifted(rowOf((i + run) % 3), Math.floor(4 * rng.uniform())))
      const probabilities = Float32Array.from(rows.flat())
      const answers = [...predictedClasses({ probabilities, labels: new Int32Array(40), numClasses: 4 })]
      // From always right but one to almost never right, so that the fitted T is small, large, and in between.
      const labels = Int32Array.from(answers, (answer, i) =>
        i > 0 && rng.uniform() > run / 60 ? answer : (answer + 1) % 4,
      )
      const { temperature, identifiable } = fitTemperature({ probabilities, labels, numClasses: 4 })
      const scaled = applyTemperature({ probabilities, numClasses: 4 }, temperature)
      expect([...predictedClasses({ probabilities: scaled, labels, numClasses: 4 })]).toEqual(answers)
      if (identifiable) seen.push(temperature)
    }
    expect(Math.min(...seen)).toBeLessThan(1)
    expect(Math.max(...seen)).toBeGreaterThan(5)
  })
  it('1 changes no bit', () => {
    const probabilities = Float32Array.of(0.1, 0.9, 0.3, 0.7)
    expect(applyTemperature({ probabilities, numClasses: 2 }, 1)).toEqual(probabilities)
  })
})

function line(scores: readonly number[], outcomes: readonly number[]) {
  const fit = fitPlatt(scores, outcomes)
  if ('because' in fit) throw new Error(fit.because)
  return fit
}

describe('Platt', () => {
  it('agrees with scikit-learn’s test (gate.md 2.6)', () => {
    const { a, b } = line([5, -4, 1], [1, 0, 0])
    expect(a).toBeCloseTo(-0.20261, 4)
    expect(b).toBeCloseTo(0.65236, 4)
  })
  it('finds the sigmoid that the outcomes were drawn from', () => {
    const rng = makeRng('platt')
    const scores = Array.from({ length: 5000 }, () => rng.normal() * 2)
    const y = scores.map((score) => (rng.uniform() < applyPlatt({ a: -1.5, b: 0.5 }, score) ? 1 : 0))
    const { a, b } = line(scores, y)
    expect(Math.abs(a + 1.5)).toBeLessThan(0.12)
    expect(Math.abs(b - 0.5)).toBeLessThan(0.12)
  })
  it('has no line where the scores go the wrong way, or where nothing goes with them', () => {
    // scikit-learn's case with its outcomes turned round: a line of the other sign.
    expect(fitPlatt([5, -4, 1], [0, 1, 1])).toEqual({ because: expect.stringContaining('turn answers round') })
    // One score for all: their share is all that there is to know.
    expect(fitPlatt([0, 0, 0, 0], [1, 0, 0, 1])).toEqual({ because: expect.stringContaining('same answer') })
    expect(fitPlatt([-1, 1, -1, 1], [1, 1, 0, 0])).toEqual({ because: expect.any(String) })
  })
  it('is finite far out', () => {
    expect(applyPlatt({ a: -1000, b: 0 }, 1000)).toBe(1)
    expect(applyPlatt({ a: -1000, b: 0 }, -1000)).toBe(0)
  })
})

describe('isotonic', () => {
  it('pools adjacent violators (gate.md 2.6)', () => {
    expect(fitIsotonic([1, 2, 3, 4, 5, 6, 7], [3, 7, 5, 9, 8, 7, 10]).y).toEqual([3, 6, 6, 8, 8, 8, 10])
  })
  it('pools equal scores first, interpolates between, is flat outside', () => {
    const curve = fitIsotonic([2, 1, 2], [1, 0, 0])
    expect(curve).toEqual({ x: [1, 2], y: [0, 0.5] })
    expect([0, 1, 1.5, 2, 9].map((score) => applyIsotonic(curve, score))).toEqual([0, 0, 0.25, 0.5, 0.5])
    expect(() => fitIsotonic([], [])).toThrow(RangeError)
  })
  it('never falls', () => {
    const points = fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 1 })), { minLength: 1 })
    fc.assert(
      fc.property(points, (drawn) => {
        const { y } = fitIsotonic(
          drawn.map(([x]) => x),
          drawn.map(([, value]) => value),
        )
        expect(y.every((each, i) => i === 0 || each >= y[i - 1]!)).toBe(true)
      }),
      { seed: 6, numRuns: 300 },
    )
  })
})
