import { beforeAll, describe, expect, it } from '@jest/globals'
import '@tensorflow/tfjs-backend-cpu'
import { grads, ready, setBackend, tensor2d, type Tensor2D } from '@tensorflow/tfjs-core'
import { objectives } from '../../../../client-core/src/train/objective.ts'

beforeAll(async () => {
  await setBackend('cpu')
  await ready()
})

const logits = [
  [0.3, -1.2, 0.8],
  [2.1, 0.4, -0.5],
]
const labels = [2, 1]
const softmax = (z: readonly number[]): number[] => {
  const exps = z.map(Math.exp)
  const sum = exps.reduce((total, value) => total + value, 0)
  return exps.map((value) => value / sum)
}

/** In float64, from the definition: the mean over examples and classes. */
const meanCost = (z: readonly (readonly number[])[], cost: (d: number) => number): number => {
  const costs = z.flatMap((row, n) => softmax(row).map((p, c) => cost(p - (labels[n] === c ? 1 : 0))))
  return costs.reduce((sum, value) => sum + value, 0) / costs.length
}

describe('losses of probabilities', () => {
  it.each([
    ['mean-squared-error', (d: number) => d * d],
    ['mean-absolute-error', Math.abs],
    ['huber', (d: number) => (Math.abs(d) <= 1 ? d ** 2 / 2 : Math.abs(d) - 1 / 2)],
  ] as const)('%s is its definition, and so is its gradient', (name, cost) => {
    const { loss, targets } = objectives[name]
    const { values, width } = targets(Int32Array.from(labels), 3)
    const compared = tensor2d(values, [2, width])
    const z = tensor2d(logits)
    const value = loss(z, compared).arraySync()
    const [gradient] = grads((given) => loss(given as Tensor2D, compared))([z])
    const found = (gradient as Tensor2D).arraySync()
    expect(value).toBeCloseTo(meanCost(logits, cost), 6)
    // Central differences in float64: wrong by about 1e-10.
    const step = 1e-5
    logits.forEach((row, n) =>
      row.forEach((_, c) => {
        const moved = (by: number) =>
          logits.map((each, i) => each.map((number, j) => (i === n && j === c ? number + by : number)))
        const slope = (meanCost(moved(step), cost) - meanCost(moved(-step), cost)) / (2 * step)
        expect(found[n]![c]).toBeCloseTo(slope, 6)
      }),
    )
  })
})
