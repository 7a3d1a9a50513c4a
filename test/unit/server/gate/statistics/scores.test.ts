import { describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import { auc, aucDifference } from '../../../../../server/src/gate/statistics/auc.ts'
import { brier, multiclassBrier } from '../../../../../server/src/gate/statistics/brier.ts'
import { confusion } from '../../../../../server/src/gate/statistics/confusion.ts'

describe('AUC', () => {
  it('is the share of pairs in the right order, ties counting half (gate.md 2.1)', () => {
    expect(auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])).toBe(0.75)
    expect(auc([0.5, 0.5, 0.5, 0.2, 0.9, 0.1], [0, 0, 1, 1, 1, 0])).toBeCloseTo(2 / 3, 12)
  })
  it('is undefined with one class, ½ for a constant score, and refuses NaN', () => {
    expect(auc([0.2, 0.7], [1, 1])).toBeUndefined()
    expect(auc([], [])).toBeUndefined()
    expect(auc([0.5, 0.5, 0.5], [0, 1, 1])).toBe(0.5)
    expect(() => auc([NaN, 1], [0, 1])).toThrow(RangeError)
  })
})

describe('DeLong', () => {
  it('of a model with itself has no spread', () => {
    const scores = [0.1, 0.4, 0.35, 0.8, 0.5]
    const same = aucDifference({ candidate: scores, reference: scores }, [0, 0, 1, 1, 0], { margin: 0.01 })!
    expect(same).toMatchObject({ difference: 0, se: 0, interval: [0, 0], nonInferiorityP: 0 })
  })
  it('is the spread of the difference over many draws of the same populations', () => {
    // 400 draws of 150 + 150 examples; sd of an sd from 400 draws is 1/√800 = 3.5 % of it.
    const rng = makeRng('delong')
    const differences: number[] = []
    const errors: number[] = []
    for (let draw = 0; draw < 400; draw++) {
      const isPositive = Array.from({ length: 300 }, (_, i) => (i < 150 ? 1 : 0))
      const signal = isPositive.map((y) => y + rng.normal())
      const scores = {
        candidate: signal.map((each) => each + rng.normal() * 0.5),
        reference: signal.map((each) => each + rng.normal() * 0.5),
      }
      const { difference, se } = aucDifference(scores, isPositive)!
      differences.push(difference)
      errors.push(se)
    }
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length
    const centre = mean(differences)
    const sd = Math.sqrt(mean(differences.map((each) => (each - centre) ** 2)))
    expect(mean(errors) / sd).toBeGreaterThan(0.88)
    expect(mean(errors) / sd).toBeLessThan(1.12)
  })
  it('needs two examples of each class', () => {
    expect(aucDifference({ candidate: [1, 2, 3], reference: [1, 2, 3] }, [1, 0, 0])).toBeUndefined()
  })
})

describe('Brier score', () => {
  it('splits into reliability, resolution and uncertainty (gate.md 2.2)', () => {
    // .1 on 10 with 1 hit, .4 on 10 with 6, .8 on 10 with 7
    const groups = [
      [0.1, 1],
      [0.4, 6],
      [0.8, 7],
    ] as const
    const p = groups.flatMap(([forecast]) => new Array<number>(10).fill(forecast))
    const y = groups.flatMap(([, hits]) => Array.from({ length: 10 }, (_, i) => (i < hits ? 1 : 0)))
    const parts = brier(p, y)
    expect(parts.score).toBeCloseTo(0.196667, 6)
    expect(parts.reliability).toBeCloseTo(0.016667, 6)
    expect(parts.resolution).toBeCloseTo(0.068889, 6)
    expect(parts.uncertainty).toBeCloseTo(0.248889, 6)
  })
  it('is a mean of squares, and not halved over classes', () => {
    expect(brier([0.1, 0.9, 0.8, 0.3], [0, 1, 1, 0]).score).toBeCloseTo(0.0375, 12)
    const of = { probabilities: [0.9, 0.1, 0.1, 0.9], labels: [0, 1], numClasses: 2 }
    expect(multiclassBrier(of)).toBeCloseTo(0.02, 12) // (.1² + .1²)
    expect(() => brier([], [])).toThrow(RangeError)
    expect(() => multiclassBrier({ probabilities: [], labels: [], numClasses: 2 })).toThrow(RangeError)
  })
})

describe('confusion', () => {
  const predictions = (answers: readonly number[], labels: readonly number[], numClasses: number) => ({
    probabilities: Float32Array.from(
      answers.flatMap((answer) => Array.from({ length: numClasses }, (_, k) => (k === answer ? 1 : 0))),
    ),
    labels: Int32Array.from(labels),
    numClasses,
  })

  it('gives macro F1 .266667 and micro F1 .333333 (gate.md 2.1)', () => {
    const { macroF1, microF1 } = confusion(predictions([0, 2, 1, 0, 0, 1], [0, 1, 2, 0, 1, 2], 3))
    expect(macroF1).toBeCloseTo(0.266667, 6)
    expect(microF1).toBeCloseTo(0.333333, 6)
  })
  it('counts a class that nobody has, as 0 and as undefined', () => {
    const { classes, macroF1, counts } = confusion(predictions([0, 1], [0, 1], 3))
    expect(classes[2]).toEqual({ precision: 0, recall: 0, f1: 0, undefined: ['precision', 'recall', 'f1'], support: 0 })
    expect(macroF1).toBeCloseTo(2 / 3, 12)
    expect(counts).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 0],
    ])
  })
  it('looks at the rows asked for, and refuses none', () => {
    expect(confusion(predictions([0, 1, 1], [0, 1, 0], 2), [2]).microF1).toBe(0)
    expect(() => confusion(predictions([], [], 2))).toThrow(RangeError)
  })
})
