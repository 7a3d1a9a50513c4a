import { describe, expect, it } from '@jest/globals'
import type { Predictions } from '@panal/server'
import { accuracy, numCorrect, predictedClasses } from '../../../../../server/src/gate/statistics/accuracy.ts'
import { priorLogLoss } from '../../../../../server/src/gate/statistics/class-prior.ts'
import { logLosses, meanLogLoss } from '../../../../../server/src/gate/statistics/log-loss.ts'
import { firstImproperRow, rowSums } from '../../../../../server/src/gate/statistics/probability-rows.ts'

const of = (rows: readonly (readonly number[])[], labels: readonly number[]): Predictions => ({
  probabilities: Float32Array.from(rows.flat()),
  labels: Int32Array.from(labels),
  numClasses: rows[0]?.length ?? 2,
})

describe('log loss', () => {
  it('is .21616187 on scikit-learn’s spam and ham', () => {
    const rows = of(
      [
        [0.1, 0.9],
        [0.9, 0.1],
        [0.8, 0.2],
        [0.35, 0.65],
      ],
      [1, 0, 0, 1],
    )
    // gate.md 2.1; float32 probabilities leave 7 digits.
    expect(meanLogLoss(rows)).toBeCloseTo(0.21616187, 7)
  })
  it('clips to [1e-15, 1 − 1e-15]: −ln 1e-15 = 34.538776 for a confident mistake, about 1e-15 for certainty', () => {
    const [wrong, right] = logLosses(
      of(
        [
          [1, 0],
          [1, 0],
        ],
        [1, 0],
      ),
    )
    expect(wrong).toBeCloseTo(34.538776, 6)
    expect(right).toBeGreaterThan(0)
    expect(right).toBeLessThan(2e-15)
  })
  it('renormalises rows that float32 left a little off 1', () => {
    // .50002 / 1.00004 = .5 → ln 2, but for float32
    expect(logLosses(of([[0.50002, 0.50002]], [0]))[0]).toBeCloseTo(Math.LN2, 6)
  })
  it.each([
    ['does not sum to 1', [0.9, 0.9]],
    ['has NaN', [NaN, 1]],
    ['has a negative value', [-0.5, 1.5]],
  ])('refuses a row that %s', (_, row) => {
    expect(() => logLosses(of([row], [0]))).toThrow('example 0 do not sum to 1')
  })
  it('refuses a label that is not a class, and an empty mean', () => {
    expect(() => logLosses(of([[0.5, 0.5]], [2]))).toThrow('label of example 0')
    expect(() => meanLogLoss(of([], []))).toThrow(RangeError)
    expect(logLosses(of([], []))).toHaveLength(0)
  })
})

describe('rows of probabilities', () => {
  it('sums in float64 and marks what is no number', () => {
    const sums = rowSums(
      of(
        [
          [0.25, 0.75],
          [NaN, 1],
          [Infinity, 0],
        ],
        [0, 0, 0],
      ),
    )
    expect(sums).toEqual(Float64Array.of(1, NaN, NaN))
  })
  it('finds the first improper row, and none in proper ones', () => {
    const proper = [0.5, 0.5]
    expect(firstImproperRow(of([proper, [0.4, 0.5], [NaN, 1]], [0, 0, 0]))).toBe(1)
    expect(firstImproperRow(of([proper, proper], [0, 1]))).toBe(-1)
  })
  it('refuses probabilities that are not numExamples × numClasses', () => {
    expect(() => rowSums({ ...of([[0.5, 0.5]], [0]), numClasses: 3 })).toThrow('2 probabilities for 1 examples of 3')
  })
})

describe('accuracy', () => {
  const rows = of(
    [
      [0.2, 0.5, 0.3],
      [0.4, 0.4, 0.2],
      [0.1, 0.1, 0.8],
    ],
    [1, 1, 2],
  )
  it('answers with the most probable class, the lowest index on a tie', () => {
    expect(predictedClasses(rows)).toEqual(Int32Array.of(1, 0, 2))
  })
  it('counts 2 of 3', () => {
    expect(numCorrect(rows)).toBe(2)
    expect(accuracy(rows)).toBe(2 / 3)
  })
  it('has no value without examples', () => {
    expect(() => accuracy(of([], []))).toThrow(RangeError)
  })
})

describe('log loss of guessing by class share', () => {
  it('is the entropy of the labels: shares ¼ and ¾ → .562335', () => {
    // −¼ ln ¼ − ¾ ln ¾ = .346574 + .215762
    expect(priorLogLoss({ labels: Int32Array.of(0, 1, 1, 1), numClasses: 2 })).toBeCloseTo(0.562335, 6)
  })
  it('is 0 where there is one class only, absent classes included', () => {
    expect(priorLogLoss({ labels: Int32Array.of(1, 1), numClasses: 3 })).toBe(0)
  })
  it('has no value without labels', () => {
    expect(() => priorLogLoss({ labels: new Int32Array(0), numClasses: 2 })).toThrow(RangeError)
  })
})
