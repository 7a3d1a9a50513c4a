import { describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import { minimise } from '../../../../../server/src/gate/statistics/lbfgs.ts'
import { fitLogistic, predictLogistic } from '../../../../../server/src/gate/statistics/logistic-regression.ts'

describe('minimise', () => {
  it('finds the minimum of a bowl in as many dimensions as it has', () => {
    // Σ i (x_i − i)², least at x_i = i
    const bowl = (x: Float64Array, gradient: Float64Array): number =>
      x.reduce((total, each, i) => {
        gradient[i] = 2 * (i + 1) * (each - i)
        return total + (i + 1) * (each - i) ** 2
      }, 0)
    const { x, value, isFlat } = minimise(bowl, new Float64Array(20), { tolerance: 1e-9 })
    expect(isFlat).toBe(true)
    expect(value).toBeCloseTo(0, 12)
    x.forEach((each, i) => expect(each).toBeCloseTo(i, 8))
  })
  it('finds its way through a bent valley: Rosenbrock’s minimum is (1, 1)', () => {
    const rosenbrock = (x: Float64Array, gradient: Float64Array): number => {
      const [a, b] = [x[0]!, x[1]!]
      gradient.set([-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)])
      return (1 - a) ** 2 + 100 * (b - a * a) ** 2
    }
    const { x, isFlat } = minimise(rosenbrock, Float64Array.of(-1.2, 1), { maxSteps: 200 })
    expect(isFlat).toBe(true)
    expect(x[0]).toBeCloseTo(1, 5)
    expect(x[1]).toBeCloseTo(1, 5)
  })
  it('says when the steps ran out', () => {
    const slope = (x: Float64Array, gradient: Float64Array): number => (gradient[0] = Math.exp(x[0]!))
    expect(minimise(slope, Float64Array.of(0), { maxSteps: 3 })).toMatchObject({ numSteps: 3, isFlat: false })
  })
})

describe('logistic regression', () => {
  const repeated = (rows: readonly (readonly [number, number])[], times: number) => ({
    x: Float32Array.from({ length: rows.length * times }, (_, i) => rows[i % rows.length]![0]),
    numFeatures: 1,
    labels: Int32Array.from({ length: rows.length * times }, (_, i) => rows[i % rows.length]![1]),
    numClasses: 2,
  })
  it('gives each value of one binary feature its own share: 1 of 4 at 0, 3 of 4 at 1', () => {
    const data = repeated(
      [0, 1].flatMap((value) => [0, 1, 1, 1].map((y) => [value, value === 1 ? y : 1 - y] as const)),
      50,
    )
    const model = fitLogistic(data, { ridge: 1e-6 })
    const p = predictLogistic(model, Float32Array.of(0, 1))
    expect([...p].map((each) => each.toFixed(4))).toEqual(['0.7500', '0.2500', '0.2500', '0.7500'])
  })
  it('shrinks the weights and not the intercepts: under a huge ridge everybody gets the class shares', () => {
    const data = repeated(
      [
        [1, 1],
        [1, 1],
        [0, 1],
        [0, 0],
      ],
      25,
    )
    const p = predictLogistic(fitLogistic(data, { ridge: 1e9 }), Float32Array.of(0, 1))
    for (const each of [p[1], p[3]]) expect(each).toBeCloseTo(0.75, 4)
  })
  it('satisfies the equations of its minimum: Σ (P − y) x + ridge · w = 0', () => {
    const rng = makeRng(3)
    const n = 200
    const x = Float32Array.from({ length: 3 * n }, () => rng.normal())
    const labels = Int32Array.from({ length: n }, (_, i) =>
      x[3 * i]! + rng.normal() > 0 ? 1 : x[3 * i + 1]! > 0 ? 2 : 0,
    )
    const model = fitLogistic({ x, numFeatures: 3, labels, numClasses: 3 }, { ridge: 2, maxSteps: 500 })
    const p = predictLogistic(model, x)
    for (let j = 0; j < 3; j++)
      for (let k = 0; k < 3; k++) {
        const slope = labels.reduce((sum, y, i) => sum + (p[3 * i + k]! - (y === k ? 1 : 0)) * x[3 * i + j]!, 0)
        expect(slope + 2 * model.coefficients[3 * j + k]!).toBeCloseTo(0, 2)
      }
  })
  it('gives the same bits again, and finite ones where the classes can be separated', () => {
    const data = repeated(
      [
        [1, 1],
        [-1, 0],
      ],
      20,
    )
    const model = fitLogistic(data)
    expect(fitLogistic(data).coefficients).toEqual(model.coefficients)
    expect([...model.coefficients].every(Number.isFinite)).toBe(true)
  })
})
